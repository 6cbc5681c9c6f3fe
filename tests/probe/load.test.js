// How heavy a probe is on a host, and what it says of hosts that limit requests or connections.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";

import { startDante } from "../support/dante.js";
import { Proxy } from "../support/proxies.js";
import {
  PACE,
  describeVerdict,
  expectProbe,
  listen,
  probe,
  respond,
  startHost,
  together,
  withoutStalls,
} from "./support.js";

const dante = await startDante([...PACE]);
const prefixed = await startDante(["--interval", "1s", "--prefix", "/dante"]);

/** As many as a browser opens to one host. */
const CONNECTIONS = 6;

test("a healthy host sees no more than of a browser", async () => {
  const opened = [];
  let open = 0;
  let most = 0;
  const server = net.createServer((client) => {
    opened.push(performance.now());
    open += 1;
    most = Math.max(most, open);
    client.once("close", () => (open -= 1));
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  const document = await probe(`http://127.0.0.1:${await listen(server)}/`);
  assert.deepEqual(withoutStalls(document.verdicts), []);
  // A closed one may be noticed here later than there.
  assert.ok(most <= CONNECTIONS + 1, `${most} connections at once`);
  // The page's own scripts and styles are among them.
  assert.ok(opened.length <= 37, `${opened.length} connections`);
  const first = opened.filter((at) => at - opened[0] < 1000).length;
  assert.ok(first <= 24, `${first} connections in the first second`);
});

/** The page behind an nginx whose recipe has this limit at the top, and this in its server block. */
async function nginx(zone, limit) {
  const edit = (text) =>
    text.replace(/(?=\n?server \{|\n +server \{)/, `\n${zone}\n`).replace(/(listen .*;)/, `$1\n${limit}`);
  const upstream = ["--upstream", `127.0.0.1:${prefixed.port}`];
  return `${await new Proxy("nginx").start(upstream, { edit })}/dante/`;
}

/** A host that answers so many requests at once, and others with this status, or not before there is room. */
async function startCrowded(room, status) {
  let busy = 0;
  const waiting = [];
  const leave = () => {
    busy -= 1;
    waiting.shift()?.();
  };
  const enter = (closes, go, refuse) => {
    if (busy >= room && status) return refuse();
    const start = () => {
      busy += 1;
      closes.once("close", leave);
      go();
    };
    if (busy < room) start();
    else waiting.push(start);
  };
  const server = net.createServer((client) => {
    client.pause();
    const refuse = () => {
      client.resume().once("data", () => {
        client.end(`HTTP/1.1 ${status} Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      });
    };
    enter(
      client,
      () => {
        const upstream = net.connect(dante.port, "127.0.0.1");
        upstream.on("error", () => client.destroy());
        client.once("close", () => upstream.destroy());
        upstream.once("close", () => client.destroy());
        client.pipe(upstream).pipe(client);
        client.resume();
      },
      refuse,
    );
  });
  return `http://127.0.0.1:${await listen(server)}/`;
}

/** A host that answers so many requests in a time and then asks to wait. */
async function startStingy(most, seconds) {
  let asked = 0;
  setInterval(() => (asked = 0), seconds * 1000).unref();
  const tooMany = () => {
    asked += 1;
    return asked > most;
  };
  const head = ["HTTP/1.1 429 Too Many Requests", `Retry-After: ${seconds}`, "Content-Length: 0"];
  return await startHost(dante.port, {
    answer(_request, response) {
      if (!tooMany()) return false;
      response.setHeader("retry-after", seconds);
      respond(response, 429, "text/plain", "slow down");
      return true;
    },
    upgrade(_request, socket) {
      if (!tooMany()) return false;
      socket.end(`${[...head, "Connection: close"].join("\r\n")}\r\n\r\n`);
      return true;
    },
  });
}

/** Probes a host with a limit, and expects that it is named, and nothing else. */
async function expectLimit(url, id) {
  const { verdicts: all, outcome } = await probe(url);
  const verdicts = withoutStalls(all);
  const report = verdicts.map((verdict) => `${describeVerdict(verdict)}: ${verdict.evidence}`).join("\n");
  const ids = verdicts.map((verdict) => verdict.id);
  assert.deepEqual(ids, [id], report);
  assert.equal(outcome, "degraded");
  return verdicts[0];
}

together("a limit that a page load does not meet:", {
  async "10 requests a second, with bursts of 20"() {
    const url = await nginx(
      "limit_req_zone $binary_remote_addr zone=r:1m rate=10r/s;",
      "limit_req zone=r burst=20 nodelay;",
    );
    await expectProbe(url);
  },
  async "10 connections"() {
    const url = await nginx("limit_conn_zone $binary_remote_addr zone=c:1m;", "limit_conn c 10;");
    await expectProbe(url);
  },
});

together("a limit of requests:", {
  async "nginx, 5 a second with bursts of 8"() {
    const url = await nginx(
      "limit_req_zone $binary_remote_addr zone=r:1m rate=5r/s;",
      "limit_req zone=r burst=8 nodelay; limit_req_status 429;",
    );
    const { evidence, host } = await expectLimit(url, "rate-limited");
    assert.equal(host, "nginx");
    assert.match(evidence, /429/);
  },
  async "nginx, with the status that it has by default"() {
    const url = await nginx(
      "limit_req_zone $binary_remote_addr zone=r:1m rate=5r/s;",
      "limit_req zone=r burst=8 nodelay;",
    );
    await expectLimit(url, "rate-limited");
  },
  async "15 in 3 seconds, and Retry-After"() {
    await expectLimit(await startStingy(15, 3), "rate-limited");
  },
});

together("a limit of connections:", {
  async "nginx, 3"() {
    const url = await nginx("limit_conn_zone $binary_remote_addr zone=c:1m;", "limit_conn c 3;");
    const { evidence, host } = await expectLimit(url, "connection-limited");
    assert.equal(host, "nginx");
    assert.match(evidence, /^with [23] connections open, the next one: .* 503/);
  },
  async "3, and 429"() {
    await expectLimit(await startCrowded(3, 429), "connection-limited");
  },
  async "3, and others wait until one has closed"() {
    await expectLimit(await startCrowded(3), "connection-limited");
  },
});
