// The way out: real proxies between the probe and the host, which let it through, refuse, read along or hold streams back.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import tls from "node:tls";

import { wheel } from "../accuracy/hosts/programs.js";
import { startDante } from "../support/dante.js";
import { freePort, launch, openFolder } from "../support/programs.js";
import { NAME, TRUSTING, certificate, folder } from "./certificates.js";
import { squid, tinyproxy } from "./forward-proxies.js";
import { PACE, expectProbe as expectExactly, listen, run, together } from "./support.js";

const dante = await startDante([...PACE]);
const { key, cert } = certificate(NAME, { by: "ca" });
const CA = path.join(folder, "ca.pem");

/** TLS before the Dante. */
const front = await listen(
  tls.createServer({ key, cert }, (client) => {
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  }),
);
const SECURE = `https://${NAME}:${front}/`;
/** The proxies cannot look the name up. */
const RESOLVED = ["--resolve", `${NAME}:${front}:127.0.0.1`];
const PLAIN = `http://127.0.0.1:${dante.port}/`;

const expectProbe = (url, { args = [], env = {}, ...expected } = {}) =>
  expectExactly(url, {
    args: [...(url === SECURE ? RESOLVED : []), ...args],
    env: { ...TRUSTING, NO_PROXY: "", ...env },
    ...expected,
  });
const evidence = (document, hop) => document.hops.find((one) => one.hop === hop).evidence;

/** mitmproxy, which opens TLS; gives also a file with its authority and ours. */
async function mitmproxy(options = []) {
  const confdir = openFolder();
  const trust = ["--set", `ssl_verify_upstream_trusted_ca=${CA}`];
  const port = await launch(wheel("mitmdump"), (_place, free) => ({
    args: [
      "--quiet",
      "--set",
      `confdir=${confdir}`,
      "--mode",
      `regular@127.0.0.1:${free}`,
      ...trust,
      ...options,
    ],
  }));
  return { proxy: `http://127.0.0.1:${port}`, authority: path.join(confdir, "mitmproxy-ca-cert.pem") };
}

/** A proxy of SOCKS 5 (RFC 1928) that wants these credentials (RFC 1929); tells which hosts it was asked for. */
async function socks(user, password, hosts) {
  const serve = async (client) => {
    client.on("error", () => client.destroy());
    const chunks = client[Symbol.asyncIterator]();
    let rest = Buffer.alloc(0);
    const read = async (count) => {
      while (rest.length < count) rest = Buffer.concat([rest, (await chunks.next()).value]);
      const taken = rest.subarray(0, count);
      rest = rest.subarray(count);
      return taken;
    };
    const [, methods] = await read(2);
    if (!(await read(methods)).includes(2)) return client.end(Buffer.from([5, 0xff]));
    client.write(Buffer.from([5, 2]));
    const name = String(await read((await read(2))[1]));
    const word = String(await read((await read(1))[0]));
    if (name !== user || word !== password) return client.end(Buffer.from([1, 1]));
    client.write(Buffer.from([1, 0]));
    const [, , , kind] = await read(4);
    const host = kind === 1 ? (await read(4)).join(".") : String(await read((await read(1))[0]));
    hosts.add(host);
    const upstream = net.connect((await read(2)).readUInt16BE(), "127.0.0.1");
    await once(upstream, "connect");
    // It may have closed its side when the next byte comes for it.
    upstream.on("error", () => client.destroy());
    client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    // The iterator has paused the stream, and would end it.
    upstream.pipe(client, { end: true });
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) upstream.write(chunk);
    upstream.destroy();
  };
  return await listen(net.createServer((client) => void serve(client).catch(() => client.destroy())));
}

const open = await squid();
const [strict, buffering, streaming] = await Promise.all([
  tinyproxy("BasicAuth dante inferno"),
  mitmproxy(),
  mitmproxy(["--set", "stream_large_bodies=1"]),
]);

together("through proxies that let everything pass", {
  "Squid, by a tunnel": async () => {
    const document = await expectProbe(SECURE, { env: { HTTPS_PROXY: open } });
    const proxy = evidence(document, "proxy");
    assert.deepEqual([proxy.url, proxy.source, proxy.connect.status], [open, "HTTPS_PROXY", 200]);
    assert.equal(document.hops.find(({ hop }) => hop === "name").summary, "the proxy looks it up");
  },
  "Squid, asked for whole URLs": async () => {
    const document = await expectProbe(PLAIN, {
      env: { http_proxy: open, HTTP_PROXY: "http://127.0.0.1:9" },
    });
    const proxy = evidence(document, "proxy");
    assert.deepEqual([proxy.url, proxy.source, proxy.forwards], [open, "http_proxy", true]);
  },
  "tinyproxy, with the right password, which is not told": async () => {
    const args = ["--proxy", `http://dante:in%66erno@${strict}`];
    const document = await expectProbe(SECURE, { args });
    assert.equal(evidence(document, "proxy").url, `http://dante@${strict}`);
    assert.doesNotMatch(JSON.stringify(document), /in(f|%66)erno/);
  },
  "SOCKS 5, which looks the name up or not": async () => {
    const hosts = new Set();
    const port = await socks("dante", "inferno", hosts);
    const url = `https://${NAME}:${front}/`;
    const env = { ...TRUSTING, NO_PROXY: "" };
    const named = ["--proxy", `socks5h://dante:inferno@127.0.0.1:${port}`];
    await expectExactly(url, { args: named, env });
    assert.deepEqual([...hosts], [NAME]);
    const wrong = ["--proxy", `socks5h://dante:x@127.0.0.1:${port}`];
    const verdicts = ["broken proxy-credentials at proxy"];
    await expectExactly(url, { args: wrong, env, verdicts, last: "proxy" });
    hosts.clear();
    await expectProbe(SECURE, { args: ["--proxy", `socks5://dante:inferno@127.0.0.1:${port}`] });
    assert.deepEqual([...hosts], ["127.0.0.1"]);
  },
  "none, for a host that is excepted": async () => {
    const env = { ALL_PROXY: "http://127.0.0.1:9", NO_PROXY: "localhost, 127.0.0.0/8" };
    const document = await expectProbe(PLAIN, { args: ["--transports", "sse"], env });
    assert.equal(evidence(document, "proxy").exceptedBy, "NO_PROXY");
  },
});

together("through proxies that do not", {
  "one that nobody started": async () => {
    const args = ["--proxy", `http://127.0.0.1:${await freePort()}`];
    await expectProbe(SECURE, { args, verdicts: ["broken proxy-unreachable at proxy"], last: "proxy" });
  },
  "a server that is no proxy": async () => {
    const args = ["--proxy", `http://127.0.0.1:${dante.port}`];
    await expectProbe(SECURE, { args, verdicts: ["broken not-a-proxy at proxy"], last: "proxy" });
  },
  "tinyproxy, without or with the wrong password": async () => {
    const verdicts = ["broken proxy-credentials at proxy"];
    for (const user of ["", "dante:paradiso@"]) {
      await expectProbe(SECURE, { args: ["--proxy", `${user}${strict}`], verdicts, last: "proxy" });
    }
    await expectProbe(PLAIN, { args: ["--proxy", strict], verdicts, last: "page" });
  },
  "Squid, for a port that its rules forbid": async () => {
    const proxy = await squid(`acl forbidden port ${front}\nhttp_access deny forbidden`);
    const args = ["--proxy", proxy];
    const document = await expectProbe(SECURE, {
      args,
      verdicts: ["broken proxy-refuses at proxy"],
      last: "proxy",
    });
    assert.match(document.verdicts[0].evidence, /ERR_ACCESS_DENIED/);
  },
  "Squid, for a host that it does not reach": async () => {
    const verdicts = ["broken proxy-cannot-reach at proxy"];
    const url = `https://127.0.0.1:${await freePort()}/`;
    await expectProbe(url, { args: ["--proxy", open], verdicts, last: "proxy" });
  },
  "tinyproxy, which opens tunnels to no other port than 443": async () => {
    const args = ["--proxy", await tinyproxy("ConnectPort 443")];
    await expectProbe(PLAIN, { args, verdicts: ["degraded proxy-refuses at proxy"] });
  },
});

together("through a proxy that reads along", {
  "whose authority is not trusted": async () => {
    const args = ["--proxy", buffering.proxy];
    await expectProbe(SECURE, { args, verdicts: ["broken tls-intercepted at tls"], last: "tls" });
  },
  "and streams": async () => {
    const env = { SSL_CERT_FILE: streaming.authority };
    const args = ["--proxy", streaming.proxy];
    await expectProbe(SECURE, { args, env, verdicts: ["note tls-intercepted at tls"] });
  },
  "and holds event streams back: the host, or the proxy": async () => {
    const env = { SSL_CERT_FILE: buffering.authority };
    const args = ["--proxy", buffering.proxy, "--timeout", "3s"];
    const document = await expectProbe(SECURE, {
      args,
      env,
      verdicts: [
        "degraded buffered at stream-sse, or slow-answer, or proxy-interferes",
        "note tls-intercepted at tls",
      ],
    });
    assert.match(document.verdicts[0].toTell, /--direct/);
  },
  "and holds event streams back, which is its doing": async () => {
    // Without the proxy, the host's own certificate is trusted, too.
    const env = { SSL_CERT_FILE: buffering.authority };
    const args = ["--proxy", buffering.proxy, "--direct", "--timeout", "3s", "--insecure"];
    const document = await expectProbe(SECURE, {
      args,
      env,
      verdicts: ["degraded proxy-interferes at proxy", "note tls-intercepted at tls"],
    });
    const [interferes, intercepted] = document.verdicts;
    assert.deepEqual(
      interferes.also.map(({ id, hop }) => `${id} at ${hop}`),
      ["buffered at stream-sse"],
    );
    assert.match(intercepted.evidence, /mitmproxy.*without the proxy, by CN=authority/);
  },
});

together("what is typed", {
  "a proxy of a kind that is not known": async () => {
    const { code, stderr } = await run([SECURE, "--proxy", "socks4://dante:inferno@127.0.0.1:9"], {
      env: { NO_PROXY: "" },
    });
    assert.equal(code, 2);
    assert.match(stderr, /--proxy "socks4:\/\/dante:…@127\.0\.0\.1:9": socks4 is not supported; use socks5/);
  },
  "--direct without a proxy": async () => {
    const { code, stderr } = await run([SECURE, "--direct"]);
    assert.equal(code, 2);
    assert.match(stderr, /no proxy is set/);
  },
});
