// A node that says that it wants no new readers gets none from the balancers whose recipe asks it.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { startDante } from "../support/dante.js";
import { Proxy } from "../support/proxies.js";

const POLL_MS = 100;
/** As many clients, each with an address of its own: that none of them falls to one of two nodes is less likely than one in 10⁹. */
const CLIENTS = 32;

/** A node that answers everything with its name, and is as ready as `node.ready`. */
async function startNode() {
  const node = { ready: true, asked: 0 };
  const server = http.createServer((request, response) => {
    const isCheck = request.url === "/health/ready";
    if (isCheck) node.asked += 1;
    response.writeHead(isCheck && !node.ready ? 503 : 200).end("another node");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.closeAllConnections());
  after(() => server.close());
  return Object.assign(node, { address: `127.0.0.1:${server.address().port}` });
}

/** How many of the clients the other node serves. */
async function served(origin) {
  const answers = Array.from({ length: CLIENTS }, async (_, at) => {
    const options = { localAddress: `127.0.0.${at + 2}`, agent: false };
    const [answer] = await once(http.get(`${origin}/hosting.json`, options), "response");
    answer.setEncoding("utf8");
    let text = "";
    for await (const part of answer) text += part;
    assert.equal(answer.statusCode, 200, text);
    return text === "another node";
  });
  return (await Promise.all(answers)).filter(Boolean).length;
}

for (const name of ["haproxy", "caddy"]) {
  describe(name, () => {
    test("a node that is not ready gets no new readers, and gets them again when it is", async () => {
      const [dante, node] = await Promise.all([startDante(), startNode()]);
      const upstreams = [`127.0.0.1:${dante.port}`, node.address];
      const args = ["--prefix", "/", ...upstreams.flatMap((upstream) => ["--upstream", upstream])];
      const origin = await new Proxy(name).start(args);
      const until = async (condition) => {
        while (!condition(await served(origin))) await delay(POLL_MS);
      };
      await until((count) => count > 0 && count < CLIENTS);
      node.ready = false;
      await until((count) => count === 0);
      assert.ok(node.asked > 0);
      node.ready = true;
      await until((count) => count > 0);
    });
  });
}
