// TLS: handshakes that fail, each for its own reason, and certificates that are wrong.

import { writeFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import tls from "node:tls";

import { startDante } from "../support/dante.js";
import { find, launch } from "../support/programs.js";
import { NAME, TRUSTING, certificate, folder } from "./certificates.js";
import { PACE, expectProbe, listen, startPeer, together } from "./support.js";

const dante = await startDante([...PACE]);

/** What to probe, and where it is. */
const at = (port) => [`https://${NAME}:${port}/`, "--resolve", `${NAME}:${port}:127.0.0.1`];

/** TLS before the Dante, which speaks no HTTP/2, even if it was agreed on. */
async function startTls(options) {
  const server = tls.createServer(options, (client) => {
    if (client.alpnProtocol === "h2") {
      client.destroy();
      return;
    }
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  return at(await listen(server));
}

/** Probes TLS that is wrong in one way, then again with `--insecure`, which goes on. */
async function expectTls(options, ids, env = {}) {
  const [url, ...args] = await startTls(options);
  const verdicts = (severity) => ids.map((id) => `${severity} ${id} at tls`);
  await expectProbe(url, { args, env, verdicts: verdicts("broken"), last: "tls" });
  const onward = [...args, "--insecure", "--transports", "websocket"];
  await expectProbe(url, { args: onward, env, verdicts: verdicts("note") });
}

/** Probes something that a reader's browser cannot speak TLS with, or may not. */
async function expectBroken(port, verdict, hop = "tls", more = {}) {
  const [url, ...args] = at(port);
  const verdicts = [`broken ${verdict} at ${hop}`];
  return await expectProbe(url, { args, env: TRUSTING, verdicts, last: hop, ...more });
}

/** What was seen at a hop. */
const seen = (document, hop) => document.hops.find((one) => one.hop === hop).evidence;

const trusted = certificate(NAME, { by: "ca" });
const { key, cert } = trusted;
const CA = path.join(folder, "ca.pem");

/** Resets the connections to a port for which `isHit(count)` says so, when the client has said something. */
async function startResetting(port, isHit) {
  let count = 0;
  const server = net.createServer((client) => {
    count += 1;
    client.on("error", () => client.destroy());
    if (isHit(count)) {
      client.once("data", () => client.resetAndDestroy());
      return;
    }
    const upstream = net.connect(port, "127.0.0.1").on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  return at(await listen(server));
}

/** nginx with TLS and these directives; `more` stands at `listen`. */
async function nginx(directives, more = "") {
  return await launch(find("nginx"), (place, port) => {
    const own = `ssl_certificate ${trusted.file}.pem; ssl_certificate_key ${trusted.file}.key;`;
    const main = `
      daemon off;
      pid ${place}/nginx.pid;
      events {}
      http {
        access_log off;
        ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
          .map((name) => `${name}_temp_path ${place}/${name};`)
          .join(" ")}
        server {
          listen 127.0.0.1:${port} ssl ${more};
          ${own}
          ${directives}
          location / {
            proxy_pass http://127.0.0.1:${dante.port};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
          }
        }
      }`;
    writeFileSync(`${place}/nginx.conf`, main);
    return { args: ["-e", "stderr", "-c", `${place}/nginx.conf`] };
  });
}

/** HAProxy with TLS, where `bind` says how. */
async function haproxy(bind) {
  writeFileSync(`${folder}/both.pem`, Buffer.concat([key, cert]));
  return await launch(find("haproxy"), (place, port) => {
    const lines = [
      ...["defaults", "mode http", "timeout connect 5s", "timeout client 30s", "timeout server 30s"],
      ...["listen dante", `bind 127.0.0.1:${port} ssl crt ${folder}/both.pem ${bind}`],
      `server dante 127.0.0.1:${dante.port}`,
    ];
    writeFileSync(`${place}/haproxy.cfg`, `${lines.join("\n")}\n`);
    return { args: ["-db", "-f", `${place}/haproxy.cfg`] };
  });
}

/** OpenSSL's own server, which answers any request with a page about the handshake. */
async function openssl(...args) {
  const files = ["-cert", `${trusted.file}.pem`, "-key", `${trusted.file}.key`];
  return await launch(find("openssl"), (_place, port) => ({
    args: ["s_server", "-quiet", "-www", "-accept", `127.0.0.1:${port}`, ...files, ...args],
  }));
}

together("certificates", {
  async "that signed itself"() {
    await expectTls(certificate(NAME), ["tls-self-signed"]);
  },
  async "that signed itself and has expired"() {
    await expectTls(certificate(NAME, { from: -9, until: -2 }), ["tls-self-signed", "tls-expired"]);
  },
  async "that signed itself, for another name: one cause"() {
    const [url, ...args] = await startTls(certificate("other.test"));
    const { verdicts } = await expectProbe(url, {
      args,
      verdicts: ["broken tls-self-signed at tls"],
      last: "tls",
    });
    const also = verdicts[0].also.map(({ id }) => id);
    if (!also.includes("tls-wrong-name")) throw new Error(`also: ${also}`);
  },
  async "a private authority's"() {
    await expectTls(trusted, ["tls-untrusted"]);
  },
  async "a trusted authority's"() {
    const [url, ...args] = await startTls(trusted);
    await expectProbe(url, { args, env: TRUSTING });
  },
  async "a trusted authority's of 90 days, to be renewed"() {
    const [url, ...args] = await startTls(certificate(NAME, { by: "ca", from: -87, until: 3 }));
    await expectProbe(url, { args, env: TRUSTING, verdicts: ["note tls-expires-soon at tls"] });
  },
  async "a trusted authority's of six days, half-way"() {
    const [url, ...args] = await startTls(certificate(NAME, { by: "ca", from: -3.5, until: 3 }));
    await expectProbe(url, { args, env: TRUSTING });
  },
  async "a trusted authority's of twelve hours, just issued"() {
    const [url, ...args] = await startTls(certificate(NAME, { by: "ca", from: -0.01, until: 0.49 }));
    await expectProbe(url, { args, env: TRUSTING });
  },
  async "a trusted authority's of twelve hours, one before its end"() {
    const [url, ...args] = await startTls(certificate(NAME, { by: "ca", from: -0.46, until: 0.04 }));
    await expectProbe(url, { args, env: TRUSTING, verdicts: ["note tls-expires-soon at tls"] });
  },
  async "a trusted authority's, expired"() {
    await expectTls(certificate(NAME, { by: "ca", from: -9, until: -2 }), ["tls-expired"], TRUSTING);
  },
  async "a trusted authority's, not valid yet"() {
    await expectTls(certificate(NAME, { by: "ca", from: 2, until: 9 }), ["tls-not-yet-valid"], TRUSTING);
  },
  async "a trusted authority's, not valid yet by a clock that is wrong here"() {
    const server = https.createServer(
      certificate(NAME, { by: "ca", from: 30, until: 90 }),
      (_ask, answer) => {
        // As from a host whose clock is right, where ours is two months behind.
        answer.setHeader("date", new Date(Date.now() + 60 * 864e5).toUTCString());
        answer.end();
      },
    );
    const document = await expectBroken(await listen(server), "tls-not-yet-valid");
    const [{ evidence }] = document.verdicts;
    if (!/this machine's clock is (59|60) days behind the host's/.test(evidence)) throw new Error(evidence);
  },
  async "a trusted authority's, for another name"() {
    await expectTls(certificate("other.test", { by: "ca" }), ["tls-wrong-name"], TRUSTING);
  },
});

together("versions and ciphers", {
  async "nginx: TLS 1.0 and 1.1"() {
    const port = await nginx("ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;");
    const document = await expectBroken(port, "tls-too-old");
    const { oldChoice } = seen(document, "tls");
    if (oldChoice.choice !== "TLS 1.1") throw new Error(JSON.stringify(oldChoice));
  },
  async "nginx: TLS 1.0"() {
    await expectBroken(await nginx("ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0;"), "tls-too-old");
  },
  async "Node.js: TLS 1.1"() {
    const options = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" };
    const [url, ...args] = await startTls({ ...trusted, ...options });
    await expectProbe(url, { args, verdicts: ["broken tls-too-old at tls"], last: "tls" });
  },
  async "openssl s_server: TLS 1.1"() {
    await expectBroken(await openssl("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), "tls-too-old");
  },
  async "nginx: TLS 1.2 with a cipher suite that is not spoken here is not called too old"() {
    const port = await nginx("ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA;");
    await expectBroken(port, "tls-other");
  },
});

together("names in the handshake", {
  async "nginx: ssl_reject_handshake"() {
    await expectBroken(await nginx("ssl_reject_handshake on;"), "tls-unknown-name");
  },
  async "HAProxy: strict-sni, and a certificate for another name"() {
    const port = await haproxy("strict-sni");
    const url = `https://elsewhere.test:${port}/`;
    const args = ["--resolve", `elsewhere.test:${port}:127.0.0.1`];
    const verdicts = ["broken tls-unknown-name at tls"];
    await expectProbe(url, { args, env: TRUSTING, verdicts, last: "tls" });
    const [right, ...there] = at(port);
    await expectProbe(right, { args: there, env: TRUSTING });
  },
  async "Node.js: SNICallback has no context"() {
    const SNICallback = (_name, done) => done(new Error("no such name"));
    const server = https.createServer({ ...trusted, SNICallback });
    await expectBroken(await listen(server), "tls-unknown-name");
  },
  async "openssl s_server: -servername_fatal"() {
    const other = ["-cert2", `${trusted.file}.pem`, "-key2", `${trusted.file}.key`];
    const port = await openssl("-servername", "elsewhere.test", "-servername_fatal", ...other);
    await expectBroken(port, "tls-unknown-name");
  },
});

together("client certificates", {
  async "nginx, which says so on a page"() {
    const port = await nginx(`ssl_verify_client on; ssl_client_certificate ${CA};`);
    await expectBroken(port, "tls-client-certificate", "page", { host: "nginx" });
  },
  async "Node.js, TLS 1.2"() {
    const options = { requestCert: true, rejectUnauthorized: true, maxVersion: "TLSv1.2" };
    await expectBroken(
      await listen(https.createServer({ ...trusted, ...options })),
      "tls-client-certificate",
    );
  },
  async "Node.js, TLS 1.3"() {
    const options = { requestCert: true, rejectUnauthorized: true };
    const port = await listen(https.createServer({ ...trusted, ...options }));
    await expectBroken(port, "tls-client-certificate");
  },
  async "HAProxy: verify required"() {
    await expectBroken(await haproxy(`verify required ca-file ${CA}`), "tls-client-certificate");
  },
  async "one that closes without an alert"() {
    const server = tls.createServer(
      { ...trusted, requestCert: true, rejectUnauthorized: false },
      (socket) => {
        socket.destroy();
      },
    );
    const [url, ...args] = at(await listen(server));
    const verdicts = ["broken tls-client-certificate at tls, or no-answer"];
    await expectProbe(url, { args, env: TRUSTING, verdicts, last: "tls" });
  },
  async "openssl s_server, TLS 1.2"() {
    const port = await openssl("-Verify", "1", "-verify_return_error", "-CAfile", CA, "-tls1_2");
    await expectBroken(port, "tls-client-certificate");
  },
  async "openssl s_server, TLS 1.3"() {
    const port = await openssl("-Verify", "1", "-verify_return_error", "-CAfile", CA, "-tls1_3");
    await expectBroken(port, "tls-client-certificate");
  },
  async "nginx that asks for one and does not insist"() {
    const port = await nginx(`ssl_verify_client optional_no_ca; ssl_client_certificate ${CA};`);
    const [url, ...args] = at(port);
    const document = await expectProbe(url, {
      args: [...args, "--transports", "sse"],
      env: TRUSTING,
    });
    if (!seen(document, "tls").askedForCertificate) throw new Error("it did not ask");
  },
});

together("handshakes that are reset", {
  async "by chance, the first one: no more than a note"() {
    const port = Number(new URL((await startTls(trusted))[0]).port);
    const [url, ...args] = await startResetting(port, (count) => count === 1);
    await expectProbe(url, { args, env: TRUSTING, verdicts: ["note connections-reset at tcp"] });
  },
  async always() {
    const [url, ...args] = await startResetting(dante.port, () => true);
    const verdicts = ["broken tls-other at tls"];
    await expectProbe(url, { args, env: TRUSTING, verdicts, last: "tls" });
  },
});

together("HTTP/2", {
  async "Node.js: allowHTTP1 false"() {
    const server = http2.createSecureServer({ ...trusted, allowHTTP1: false }, (_ask, answer) =>
      answer.end(),
    );
    await expectBroken(await listen(server), "http2-only", "http", { last: "page" });
  },
  async "openssl s_server: -alpn h2"() {
    await expectBroken(await openssl("-alpn", "h2"), "http2-only", "http");
  },
  async "HAProxy: proto h2"() {
    // Over HTTP/2 it streams.
    const [url, ...args] = at(await haproxy("alpn h2 proto h2"));
    await expectProbe(url, { args, env: TRUSTING, verdicts: ["degraded http2-only at http"] });
  },
  async "agreed to, and then not spoken"() {
    const [url, ...args] = await startTls({ ...trusted, ALPNProtocols: ["h2", "http/1.1"] });
    await expectProbe(url, { args, env: TRUSTING, verdicts: ["broken http2-broken at tls"] });
  },
  async "nginx speaks both"() {
    const port = await nginx("", "http2");
    const [url, ...args] = at(port);
    await expectProbe(url, { args: [...args, "--transports", "sse"], env: TRUSTING });
  },
  async "Node.js without TLS"() {
    const server = http2.createServer((_ask, answer) => answer.end());
    const url = `http://127.0.0.1:${await listen(server)}/`;
    await expectProbe(url, { verdicts: ["broken http2-only at http"], last: "http" });
  },
});

together("the wrong scheme", {
  async "plain HTTP where Node.js speaks TLS"() {
    const [url, ...args] = await startTls(certificate(NAME, { until: 62 }));
    await expectProbe(url.replace("https:", "http:"), {
      args,
      verdicts: ["broken plain-to-tls at http"],
      last: "http",
    });
  },
  async "plain HTTP where nginx and HAProxy speak TLS"() {
    for (const [port, last] of [
      [await nginx(""), "page"],
      [await haproxy(""), "http"],
    ]) {
      const [url, ...args] = at(port);
      await expectProbe(url.replace("https:", "http:"), {
        args,
        verdicts: ["broken plain-to-tls at http"],
        last,
        env: TRUSTING,
      });
    }
  },
  async "TLS where Dante speaks plain HTTP"() {
    await expectProbe(dante.origin.replace("http:", "https:"), {
      verdicts: ["broken tls-to-plain at tls"],
      last: "tls",
    });
  },
  async "TLS where a peer closes on it, and answers plain HTTP"() {
    const url = await startPeer((socket) => {
      socket.once("data", (bytes) => {
        if (bytes[0] === 22) socket.destroy();
        else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    await expectProbe(url.replace("http:", "https:"), {
      verdicts: ["broken tls-to-plain at tls"],
      last: "tls",
    });
  },
  async "TLS where nobody speaks HTTP at all"() {
    const url = await startPeer((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
    await expectProbe(url.replace("http:", "https:"), { verdicts: ["broken garbage at tls"], last: "tls" });
  },
  async "an alert is TLS, whatever plain HTTP gives"() {
    const url = await startPeer((socket) => {
      socket.once("data", (bytes) => {
        // The alert internal_error (RFC 8446, 6).
        if (bytes[0] === 22) socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 80]));
        else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    await expectProbe(url.replace("http:", "https:"), {
      verdicts: ["broken tls-unknown-name at tls, or tls-other"],
      last: "tls",
    });
  },
});
