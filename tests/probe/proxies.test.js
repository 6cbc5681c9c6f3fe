// Real proxies, set up wrong in the ways that are met: the recipe of `dante hosting`, and one change to it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import { startDante } from "../support/dante.js";
import { openFolder } from "../support/programs.js";
import { Proxy } from "../support/proxies.js";
import { PACE, expectProbe, outcomeOf, probe, together } from "./support.js";

const dante = await startDante([...PACE, "--prefix", "/dante"]);
/** One that is silent for longer than impatient proxies bear. */
const slow = await startDante(["--interval", "3s", "--prefix", "/dante"]);

/** The page behind a proxy whose file was changed, in which everything that is replaced must be there. */
async function behind(name, upstreams, changes, args = []) {
  const edit = (text) =>
    changes.reduce((edited, [from, to]) => {
      const next = edited.replace(from, to);
      if (next === edited) throw new Error(`the recipe for ${name} has no ${from}`);
      return next;
    }, text);
  const told = upstreams.flatMap(({ port }) => ["--upstream", `127.0.0.1:${port}`]);
  return `${await new Proxy(name).start([...told, ...args], { edit })}/dante/`;
}

const nginx = (changes, upstreams = [dante], args = []) => behind("nginx", upstreams, changes, args);
const haproxy = (changes, upstreams = [dante]) => behind("haproxy", upstreams, changes);
const apache = (changes, upstreams = [dante]) => behind("apache", upstreams, changes);

/** nginx as it is without the lines for WebSocket. */
const WITHOUT_UPGRADE = [
  [/proxy_set_header Upgrade .*/, ""],
  [/proxy_set_header Connection .*/, 'proxy_set_header Connection "";'],
];

/** A location of nginx's that outranks the recipe's. */
const location = (path, what) => [/(?=\n +location )/, `\n    location ${path} { ${what} }\n`];

together("nginx", {
  async "without the upgrade's headers"() {
    const url = await nginx(WITHOUT_UPGRADE);
    await expectProbe(url, {
      verdicts: ["degraded upgrade-stripped at upgrade"],
      host: "nginx",
    });
  },
  async "that speaks HTTP/1.0"() {
    const url = await nginx([["proxy_http_version 1.1;", "proxy_http_version 1.0;"]]);
    await expectProbe(url, {
      verdicts: ["degraded http-1.0 at hosting"],
      host: "nginx",
    });
  },
  // Chunks of HTTP/1.1 nginx passes on one by one, however it is told to buffer.
  async "that buffers"() {
    const url = await nginx([
      ["proxy_http_version 1.1;", "proxy_http_version 1.0;"],
      ["proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"],
    ]);
    await expectProbe(url, {
      verdicts: ["degraded http-1.0 at hosting"],
      host: "nginx",
    });
  },
  async "that compresses streams"() {
    const url = await nginx([["gzip off;", "gzip on;"]]);
    await expectProbe(url, {
      verdicts: ["note compressed-stream at stream-sse"],
      host: "nginx",
    });
  },
  async "that buffers and compresses"() {
    const url = await nginx([
      ["proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"],
      ["gzip off;", "gzip on;"],
    ]);
    await expectProbe(url, {
      verdicts: ["degraded compressed-stream at compression"],
      host: "nginx",
    });
  },
  async "that bears no silence"() {
    const url = await nginx([["proxy_read_timeout 10m;", "proxy_read_timeout 1s;"]], [slow]);
    await expectProbe(url, {
      verdicts: ["degraded idle-cut at stream-socketio-websocket"],
      host: "nginx",
    });
  },
  async "that cuts quiet connections"() {
    const url = await nginx([["proxy_read_timeout 10m;", "proxy_read_timeout 1s;"]]);
    await expectProbe(url, {
      args: ["--hold", "3s"],
      verdicts: ["degraded idle-cut at hold"],
      host: "nginx",
    });
  },
  async "with another prefix than Dante"() {
    const elsewhere = await startDante([...PACE, "--prefix", "/elsewhere"]);
    const url = await nginx([], [elsewhere]);
    await expectProbe(url, {
      verdicts: ["broken prefix-mismatch at page"],
      last: "page",
      host: "nginx",
    });
  },
  async "with two Dantes and nothing that keeps a session at one"() {
    const other = await startDante([...PACE, "--prefix", "/dante"]);
    const url = await nginx([[/hash \$remote_addr consistent;|ip_hash;/, ""]], [dante, other]);
    // Every other request goes to the other Dante, the upgrade sometimes to the right one.
    const document = await expectProbe(url, {
      verdicts: ["degraded no-stickiness at sticky"],
      host: "nginx",
    });
    const [{ also }] = document.verdicts;
    assert.equal(
      also.some(({ hop }) => hop === "upgrade"),
      outcomeOf(document, "upgrade") !== "good",
      "the verdict says how the upgrade went",
    );
  },
  async "with no Dante"() {
    const gone = await startDante();
    await gone.end();
    const url = await nginx([], [gone]);
    await expectProbe(url, {
      verdicts: ["broken guest-not-started at page, or tls-to-server, or http2-to-server"],
      last: "page",
      host: "nginx",
    });
  },
  async "that answers for scripts itself"() {
    const url = await nginx([location("~ \\.js$", "root /nowhere;")]);
    await expectProbe(url, {
      verdicts: ["broken files-missing at files"],
      host: "nginx",
    });
  },
  async "with a page for every path"() {
    const page = "default_type text/html; return 200 '<!doctype html><title>app</title>';";
    const url = await nginx([location("= /dante/socket.io/", page)]);
    await expectProbe(url, {
      verdicts: ["degraded html-instead-of-handshake at handshake"],
      missed: ["sticky", "cors"],
      host: "nginx",
    });
  },
  async "that has forgotten the engine"() {
    const url = await nginx([location("= /dante/socket.io/", "return 404;")]);
    await expectProbe(url, {
      verdicts: ["degraded no-socketio at handshake"],
      missed: ["sticky", "cors"],
      host: "nginx",
    });
  },
  async "that refuses the engine"() {
    const url = await nginx([location("= /dante/socket.io/", "return 401;")]);
    await expectProbe(url, {
      verdicts: ["degraded credentials-required at handshake"],
      missed: ["sticky", "cors"],
      host: "nginx",
    });
  },
  async "that hides hosting.json"() {
    const url = await nginx([location("= /dante/hosting.json", "return 404;")]);
    await expectProbe(url, {
      verdicts: ["note hosting-unreadable at hosting"],
      host: "nginx",
    });
  },
  async "that refuses the page"() {
    const url = await nginx([location("= /dante/", "return 401;")]);
    await expectProbe(url, {
      verdicts: ["broken credentials-required at page"],
      host: "nginx",
    });
  },
  async "that shows another page"() {
    const url = await nginx([location("/", "default_type text/html; return 200 '<title>Welcome</title>';")]);
    await expectProbe(url.replace("/dante/", "/"), {
      verdicts: ["broken prefix-mismatch at page"],
      last: "page",
      host: "nginx",
    });
  },
  async "that redirects in a circle"() {
    const url = await nginx([location("= /dante/", "absolute_redirect off; return 301 /dante/;")]);
    await expectProbe(url, {
      verdicts: ["broken redirect-loop at page"],
      host: "nginx",
    });
  },
  async "that redirects nowhere"() {
    const url = await nginx([location("= /dante/", "return 301 https:///dante/;")]);
    await expectProbe(url, {
      verdicts: ["broken bad-redirect at page"],
      host: "nginx",
    });
  },
  async "that forbids WebSocket"() {
    const url = await nginx([[/(?=\n +location )/, "\n    if ($http_upgrade) { return 403; }\n"]]);
    await expectProbe(url, {
      verdicts: ["degraded websocket-forbidden at upgrade"],
      host: "nginx",
    });
  },
  async "that speaks TLS, and is asked without"() {
    const folder = openFolder();
    const [key, certificate] = ["key", "pem"].map((ending) => `${folder}/dante.${ending}`);
    const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", ...made, "-subj", "/CN=127.0.0.1"], { stdio: "pipe" });
    const files = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
    const url = await nginx([[/(listen .*);/, `$1 ssl; ${files}`]]);
    await expectProbe(url, {
      verdicts: ["broken plain-to-tls at http"],
      last: "page",
      host: "nginx",
    });
    await expectProbe(url.replace("http:", "https:"), {
      args: ["--insecure"],
      verdicts: ["note tls-self-signed at tls"],
      host: "nginx",
    });
  },
  async "that refuses event streams"() {
    const url = await nginx([location("/dante/sse/", "return 403;")]);
    await expectProbe(url, {
      verdicts: ["degraded stream-refused at stream-sse"],
      host: "nginx",
    });
  },
  async "that refuses requests of pages"() {
    const url = await nginx([
      location("= /dante/socket.io/", "if ($http_origin) { return 403; } proxy_pass http://dante;"),
    ]);
    await expectProbe(url, {
      verdicts: ["degraded cors-blocked at upgrade"],
      host: "nginx",
    });
  },
});

together("HAProxy", {
  async "that bears no silence of a WebSocket"() {
    const url = await haproxy([["timeout tunnel 10m", "timeout tunnel 1s"]], [slow]);
    await expectProbe(url, {
      verdicts: ["degraded idle-cut at stream-socketio-websocket"],
    });
  },
  async "that cuts quiet WebSockets"() {
    const url = await haproxy([["timeout tunnel 10m", "timeout tunnel 1s"]]);
    await expectProbe(url, {
      args: ["--hold", "3s"],
      verdicts: ["degraded idle-cut at hold"],
    });
  },
  async "with two Dantes and a cookie"() {
    const other = await startDante([...PACE, "--prefix", "/dante"]);
    const url = await behind("haproxy", [dante, other], []);
    await expectProbe(url, {});
  },
});

together("Apache", {
  async "without the upgrade to WebSocket"() {
    const url = await apache([[" upgrade=websocket", ""]]);
    await expectProbe(url, {
      verdicts: ["degraded upgrade-stripped at upgrade"],
      host: "apache",
    });
  },
  async "that compresses streams"() {
    const url = await apache([["SetEnv no-gzip 1", ""]]);
    await expectProbe(url, {
      verdicts: ["note compressed-stream at stream-sse"],
      host: "apache",
    });
  },
});

/** Where a proxy listens, as if it were a Dante. */
const at = async (url) => ({ port: new URL(await url).port });

together("one proxy before another", {
  async "HAProxy, which names itself nowhere, before nginx"() {
    const url = await haproxy([], [await at(nginx(WITHOUT_UPGRADE))]);
    const { verdicts } = await expectProbe(url, {
      verdicts: ["degraded upgrade-stripped at upgrade"],
      host: "haproxy",
    });
    assert.deepEqual(verdicts[0].hosts, ["haproxy", "nginx"]);
  },
  async "Apache, which passes on another's name, before nginx"() {
    const url = await apache([], [await at(nginx(WITHOUT_UPGRADE))]);
    const { verdicts } = await expectProbe(url, {
      verdicts: ["degraded upgrade-stripped at upgrade"],
      host: "apache",
    });
    assert.deepEqual(verdicts[0].hosts, ["apache", "nginx"]);
  },
  async "HAProxy before an nginx that reaches no Dante: the remedy is nginx's"() {
    const url = await haproxy([], [await at(nginx([], [{ port: 9 }]))]);
    const { verdicts } = await probe(url);
    assert.deepEqual(verdicts[0].hosts, ["haproxy", "nginx"]);
    assert.deepEqual(
      verdicts[0].remedies.map((remedy) => remedy.host),
      ["nginx"],
    );
  },
});
