// `--browser` through a proxy: the browser takes the same way out as the probe, and what the proxy does to it is the proxy's doing.

import assert from "node:assert/strict";
import net from "node:net";

import { startDante } from "../support/dante.js";
import { squid, tinyproxy } from "./forward-proxies.js";
import { PACE, describeVerdict, listen, probe, together, withoutStalls } from "./support.js";

const dante = await startDante([...PACE]);
const URL_ = `http://127.0.0.1:${dante.port}/`;

/** Opens the page in a browser behind a proxy; what the browser's hop says, and all verdicts. */
async function browse(proxy) {
  const document = await probe(URL_, ["--browser", "--proxy", proxy], { env: { NO_PROXY: "" } });
  const hop = document.hops.find((one) => one.hop === "browser");
  const verdicts = withoutStalls(document.verdicts);
  return {
    hop,
    verdicts,
    lines: verdicts.map(describeVerdict),
    said: JSON.stringify({ verdicts, hop }, null, 1),
  };
}

/** How many of the transports brought stanzas to the page that compares them. */
const streaming = ({ evidence }) =>
  Object.values(evidence.visits.at(-1).report.transports).filter(({ stanzas }) => stanzas >= 2).length;

/** A proxy that opens tunnels, and cuts each as soon as its host has accepted a WebSocket. */
const cutting = () =>
  listen(
    net.createServer((client) => {
      client.on("error", () => client.destroy());
      client.once("data", (head) => {
        const target = String(head).match(/^CONNECT 127\.0\.0\.1:(\d+) /);
        const upstream = net.connect(Number(target?.[1] ?? dante.port), "127.0.0.1");
        upstream.on("error", () => client.destroy());
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.end());
        if (target) client.write("HTTP/1.1 200 OK\r\n\r\n");
        else upstream.write(head);
        upstream.on("data", (bytes) => {
          const upgraded = String(bytes).match(/^HTTP\/1\.1 101 [^]*?\r\n\r\n/);
          if (!upgraded) return client.write(bytes);
          client.end(upgraded[0]);
          upstream.destroy();
        });
        client.pipe(upstream);
      });
    }),
  );

together("a browser behind a proxy", {
  async "that lets everything pass"() {
    const { hop, lines, said } = await browse(await squid());
    assert.deepEqual([lines, hop.outcome, streaming(hop)], [[], "good", 4], said);
  },
  async "that opens no tunnels, which WebSockets need"() {
    const proxy = `http://${await tinyproxy("ConnectPort 443")}`;
    const { hop, verdicts, lines, said } = await browse(proxy);
    assert.deepEqual([lines, streaming(hop)], [["degraded proxy-refuses at proxy"], 2], said);
    const { evidence } = verdicts[0].also.find((one) => one.hop === "browser") ?? {};
    assert.match(evidence ?? "", /tunnel via proxy server failed/, said);
  },
  async "that cuts WebSockets"() {
    const { hop, verdicts, lines, said } = await browse(`http://127.0.0.1:${await cutting()}`);
    const cause = "degraded closed-after-101 at upgrade, or proxy-interferes";
    assert.deepEqual([lines, streaming(hop)], [[cause], 2], said);
    assert.ok(
      verdicts[0].also.some((one) => one.hop === "browser"),
      said,
    );
  },
});
