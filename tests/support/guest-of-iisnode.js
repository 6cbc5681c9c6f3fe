// What a guest of iisnode must do, whatever its pipe is: the same tests for the everyday run, over a Unix domain
// socket, and for the run on Windows, over a named pipe.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { describe, test } from "node:test";

import { WebSocket } from "ws";

import { connect, END, follow, readSse, VERSIONS } from "../js/support.js";
import { startIisnode } from "./iisnode.js";

// Long enough for an upgrade to happen in the middle.
const STANZAS = 30;
const INTERVAL_MS = 50;
const CROWD = 200;
/** A reading that takes so long that nobody's has ended before the last of a crowd has come, and that no stall of the machine makes a lump of. */
const SLOW = { stanzas: 8, interval: "1s" };

// What each way to connect is given, and the transports that must be seen in use.
const WAYS = {
  default: [{}, ["polling", "websocket"]],
  polling: [{ transports: ["polling"] }, ["polling"]],
  websocket: [{ transports: ["websocket"] }, ["websocket"]],
};

/** A request over a connection of its own. */
async function ask(url, options = {}) {
  const request = http.request(url, { agent: false, ...options }).end(options.body);
  const [answer] = await once(request, "response");
  return answer;
}

async function textOf(answer) {
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part;
  return text;
}

/** The first packet of an answer to a poll. */
const firstPacket = async (answer) => JSON.parse((await textOf(answer)).match(/^0(\{.*\})$/)[1]);

/**
 * @typedef {object} Guest a running Dante under iisnode
 * @property {() => Promise<net.Socket>} open opens a pipe to it
 * @property {number} id its process, as itself and iisnode know it
 * @property {string} logs the folder with its logs
 * @property {() => void} interrupt presses Ctrl-C
 * @property {Promise<number>} exit its exit code, when it ends
 */

/**
 * Registers the tests.
 * @param {(args: {stanzas: number, interval: string, console?: boolean}) => Promise<Guest>} start `console` asks for
 *   one, which iisnode's guests lack: without it, no Ctrl-C reaches a Windows process
 */
export async function testGuest(start) {
  const guest = await start({ stanzas: STANZAS, interval: `${INTERVAL_MS}ms` });
  const slow = await start(SLOW);
  const hosts = {
    "iisnode tells the application": { application: "/dante" },
    "iisnode tells nothing": { application: "/demo", promote: false },
  };

  for (const [host, site] of Object.entries(hosts)) {
    const { application } = site;
    const relay = await startIisnode(guest.open, site);
    const base = `${relay.origin}${application}`;

    describe(host, { concurrency: true, timeout: 60_000 }, () => {
      test("the page and everything on it", async () => {
        const page = await (await fetch(`${base}/`)).text();
        const assets = [...page.matchAll(/(?:src|href)="([^"#]*static\/[^"]+)"/g)].map(([, asset]) => asset);
        assert.ok(assets.length >= 2, page);
        for (const asset of [...assets, "socket.io/socket.io.js", "server-socketio.js"]) {
          const answer = await ask(new URL(asset, `${base}/`));
          assert.equal(answer.statusCode, 200, asset);
          // iisnode takes an answer without a length for chunks.
          assert.ok(answer.headers["content-length"], asset);
          assert.equal(Buffer.byteLength(await textOf(answer)), Number(answer.headers["content-length"]));
        }
      });

      test("the redirect stays in the application", async () => {
        const { headers, statusCode } = await ask(base);
        assert.equal(statusCode, 308);
        assert.equal(new URL(headers.location, base).href, `${base}/`);
      });

      test("answers without a body leave the pipe usable", async () => {
        const { headers } = await ask(`${base}/socket.io/socket.io.js`, { method: "HEAD" });
        const again = { headers: { "if-none-match": headers.etag } };
        assert.equal((await ask(`${base}/socket.io/socket.io.js`, again)).statusCode, 304);
        assert.equal((await ask(`${base}/`)).statusCode, 200);
      });

      for (const version of Object.keys(VERSIONS)) {
        for (const [way, [options, transports]] of Object.entries(WAYS)) {
          test(`a client of Socket.IO ${version}, ${way}`, async () => {
            const socketPath = `${application}/socket.io`;
            const heard = follow(connect(version, relay.origin, { path: socketPath, ...options }));
            await heard.end();
            heard.assertWhole(STANZAS);
            assert.deepEqual(heard.log, ["reading", ...Array(STANZAS).keys(), END]);
            assert.deepEqual(heard.transports, transports);
          });
        }
      }

      // iisnode loses it: cprotocolbridge.cpp:722-729.
      test("a plain WebSocket with Firefox's header", async () => {
        const query = `format=json&only-for=${host.replaceAll(" ", "-")}`;
        const socket = new WebSocket(`${base.replace("http", "ws")}/websocket/ws?${query}`, {
          finishRequest: (request) => request.setHeader("Connection", "keep-alive, Upgrade").end(),
        });
        const frames = [];
        socket.on("message", (data) => frames.push(JSON.parse(data)));
        const [code] = await once(socket, "close");
        assert.equal(code, 1000);
        assert.deepEqual(
          frames.map(({ event, index }) => index ?? event),
          ["reading", ...Array(STANZAS).keys()],
        );
        const head = relay.heads.find((sent) => sent.includes(query));
        assert.match(head, /\r\nConnection: keep-alive\r\n/, "the guest has not seen the client's header");
        assert.match(head, /\r\nUpgrade: websocket\r\n/);
      });

      test("server-sent events, one by one", async () => {
        const { origin } = await startIisnode(slow.open, site);
        const heard = readSse(`${origin}${application}`);
        const times = [];
        while (!heard.ended) {
          const before = heard.stanzas.length;
          await heard.more(1);
          if (heard.stanzas.length > before) times.push(performance.now());
        }
        heard.assertWhole(SLOW.stanzas);
        // A lump would come within no time. Late ones are the machine's.
        assert.ok(times.length > SLOW.stanzas / 2, `${times.length} arrivals`);
        assert.ok(times.at(-1) - times[0] > (SLOW.stanzas * 1000) / 2, times.join(" "));
      });

      test("a URL with a space and with umlauts, which URL Rewrite decodes, is a path like any other", async () => {
        // Told the application, Dante knows that there is nothing; otherwise, this may be its path.
        const status = host === "iisnode tells nothing" ? 200 : 404;
        for (const folder of ["my%20poem", "h%C3%B6lle"]) {
          assert.equal((await ask(`${base}/${folder}/`)).statusCode, status, folder);
        }
      });

      test("HTTP/1.0 is answered, and WebSocket is not for it", async () => {
        const socket = net.connect(new URL(relay.origin).port, "127.0.0.1");
        socket.write(`GET ${application}/ HTTP/1.0\r\nHost: x\r\n\r\n`);
        assert.match(await textOf(socket), /^HTTP\/1\.[01] 200 /);
        const sid = await ask(`${base}/socket.io/?EIO=4&transport=polling`);
        assert.match((await firstPacket(sid)).sid, /./);
        assert.equal((await ask(`${base}/socket.io/?EIO=4&transport=websocket`)).statusCode, 400);
      });
    });

    test(`${host}: pipes are reused, and none was ever spoilt`, () => {
      assert.deepEqual(relay.failures, []);
      // All tests begin at once and need a pipe each; what they ask then goes over those. On a slow machine a poll brings more, and fewer are asked.
      assert.ok(
        relay.reused > 20,
        `${relay.reused} of ${relay.reused + relay.opened} requests over used pipes`,
      );
    });
  }

  test(`${CROWD} readers at once find the door open`, { timeout: 60_000 }, async () => {
    const crowded = await startIisnode(slow.open);
    const streams = await Promise.all(
      Array.from({ length: CROWD }, () => ask(`${crowded.origin}/dante/sse/stream`)),
    );
    // All are there at the same time.
    assert.deepEqual(
      { opened: crowded.opened, reused: crowded.reused, busy: crowded.busy, missed: crowded.missed },
      { opened: CROWD, reused: 0, busy: 0, missed: 0 },
    );
    const texts = await Promise.all(streams.map(textOf));
    for (const text of texts) assert.equal(text.match(/^event: divinecomedy$/gm).length, SLOW.stanzas);
    assert.deepEqual(crowded.failures, []);
  });

  test("Ctrl-C lets every reader go, and the logs tell", { timeout: 60_000 }, async () => {
    const waiting = await start({ stanzas: STANZAS, interval: "1h", console: true });
    const relay = await startIisnode(waiting.open);
    const base = `${relay.origin}/dante`;
    const heard = follow(connect("4", relay.origin, { path: "/dante/socket.io", reconnection: false }));
    const polling = { path: "/dante/socket.io", transports: ["polling"], reconnection: false };
    const polled = follow(connect("4", relay.origin, polling));
    const socket = new WebSocket(`${base.replace("http", "ws")}/websocket/ws`);
    const [said, closed] = [once(socket, "message"), once(socket, "close")];
    const events = await ask(`${base}/sse/stream`);
    await Promise.all([
      heard.until(() => heard.stanzas.length === 1 && heard.transports.at(-1) === "websocket"),
      polled.more(1),
      said,
      once(events, "data"),
    ]);

    waiting.interrupt();
    const [code] = await closed;
    assert.equal(code, 1012);
    // The end of this is no error: the last chunk came.
    await textOf(events);
    await heard.until(() => heard.log.length > 2);
    assert.equal(heard.log.at(-1), "transport close");
    assert.equal(await waiting.exit, 0);
    // A poll that is just on its way meets a pipe that closes (Azure/iisnode#57), or none, for which iisnode tries on
    // for 25 s: Dante cannot change that, and the test does not wait for it.
    relay.close();
    await polled.until(() => polled.log.length > 2);
    assert.match(polled.log.at(-1), /^transport (close|error)$/);

    const logs = readdirSync(waiting.logs);
    // interceptor.js:18-204
    const log = (stream) => {
      const name = logs.find((file) => file.match(`^.+-${waiting.id}-${stream}-\\d{13}\\.txt$`));
      assert.ok(name, `${waiting.id}, ${stream}: ${logs.join(" ")}`);
      return readFileSync(path.join(waiting.logs, name), "utf8");
    };
    assert.match(log("stdout"), /prefix +\/dante \(IISNODE_VERSION is set/);
    assert.match(log("stderr"), /letting the readers go/);
  });

  return guest;
}
