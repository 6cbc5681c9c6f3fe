// TLS to the proxy itself: Squid with certificates of every kind, and what does not speak TLS.

import assert from "node:assert/strict";
import net from "node:net";
import tls from "node:tls";

import { startDante } from "../support/dante.js";
import { NAME, TRUSTING, certificate } from "./certificates.js";
import { squid, tinyproxy } from "./forward-proxies.js";
import { PACE, expectProbe as expectExactly, listen, together } from "./support.js";

const dante = await startDante([...PACE]);
const PLAIN = `http://127.0.0.1:${dante.port}/`;
/** What a proxy is called here, which its certificate is for. */
const PROXY = "localhost";
const host = certificate(NAME, { by: "ca" });

/** TLS before the Dante. */
const front = await listen(
  tls.createServer({ key: host.key, cert: host.cert }, (client) => {
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  }),
);
const SECURE = `https://${NAME}:${front}/`;

/** Squid that shows this certificate; its URL with the name of this machine. */
async function secureSquid({ file }) {
  return (await squid("", { tls: file })).replace("127.0.0.1", PROXY);
}

const proxies = await Promise.all(
  [
    certificate(PROXY, { by: "ca" }),
    certificate(PROXY),
    certificate("other.test", { by: "ca" }),
    certificate(PROXY, { from: -20, until: -2, by: "ca" }),
  ].map(secureSquid),
);
const [trusted, selfSigned, misnamed, expired] = proxies;

/** Probes through a proxy, on a machine that trusts one authority. */
const expectProbe = (url, proxy, { args = [], ...expected } = {}) => {
  // Squid cannot look the name up.
  const resolve = url === SECURE ? ["--resolve", `${NAME}:${front}:127.0.0.1`] : [];
  const env = { ...TRUSTING, NO_PROXY: "" };
  return expectExactly(url, {
    args: ["--proxy", proxy, ...resolve, ...args],
    env,
    ...expected,
  });
};

/** Expects that nothing goes through, and gives the evidence. */
async function expectNoWay(proxy, verdict, { url = SECURE, last = "proxy" } = {}) {
  const document = await expectProbe(url, proxy, { verdicts: [verdict], last });
  return document.verdicts[0].evidence;
}

const UNTRUSTED = "broken proxy-untrusted at proxy";

together("TLS to a proxy", {
  async "whose certificate is trusted: by a tunnel, and asked for whole URLs"() {
    for (const url of [SECURE, PLAIN]) {
      const document = await expectProbe(url, trusted);
      const { evidence } = document.hops.find(({ hop }) => hop === "proxy");
      assert.deepEqual([evidence.url, evidence.tls], [trusted, null]);
    }
  },
  async "whose certificate is its own"() {
    assert.match(await expectNoWay(selfSigned, UNTRUSTED), /issuer and subject are both CN=localhost/);
  },
  async "whose certificate is its own, for pages without TLS"() {
    await expectNoWay(selfSigned, UNTRUSTED, { url: PLAIN, last: "http" });
  },
  async "whose certificate is for another name"() {
    assert.match(await expectNoWay(misnamed, UNTRUSTED), /it covers other\.test$/);
  },
  async "whose certificate is too old"() {
    assert.match(await expectNoWay(expired, UNTRUSTED), /it expired on \d{4}-/);
  },
  async "whose certificate is its own, and that does not matter"() {
    await expectProbe(SECURE, selfSigned, { args: ["--insecure"] });
  },
  async "that does not speak it"() {
    const plain = `https://${await tinyproxy()}`;
    const verdicts = ["broken not-a-proxy at proxy"];
    const document = await expectProbe(SECURE, plain, { verdicts, last: "proxy", args: ["--timeout", "1s"] });
    assert.match(document.verdicts[0].evidence, /this port speaks HTTP without TLS$/);
  },
  async "that says nothing"() {
    const mute = await listen(net.createServer((client) => client.resume()));
    const verdict = "broken proxy-hangs at proxy, or proxy-cannot-reach, or not-a-proxy";
    const args = ["--timeout", "1s"];
    await expectProbe(SECURE, `https://127.0.0.1:${mute}`, { verdicts: [verdict], last: "proxy", args });
  },
  async "that is called without it"() {
    const wrong = trusted.replace("https:", "http:");
    assert.match(await expectNoWay(wrong, "broken not-a-proxy at proxy"), /this port speaks TLS$/);
  },
});
