// What is printed, and what no peer can make of it: a document that grows, a probe that does not end.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { startDante } from "../support/dante.js";
import {
  HOPS,
  PACE,
  accepted,
  expectProbe,
  describeVerdict,
  listen,
  probe,
  refuse,
  run,
  respond,
  startHost,
  together,
} from "./support.js";

const dante = await startDante([...PACE]);
const { port } = dante;

/** Shows on a terminal what nobody may see in a file: colour, and lines that are written over. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f]/;

/** The tables of docs/probe.md: what stands in backticks in the rows below a heading, by the row's first name. */
const documented = (() => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../../docs/probe.md"), "utf8");
  const names = (part) => [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const rows = text.split("\n").filter((row) => row.startsWith("| `"));
  return {
    rows: rows.map((row) => row.split("|").slice(1, -1)).map((cells) => [names(cells[0]), cells.at(-1)]),
    text,
    names,
  };
})();

together("what is printed", {
  async "is plain where there is no terminal"() {
    const { code, stdout, stderr } = await run([dante.origin, "--transports", "sse"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.doesNotMatch(stdout, CONTROL);
    const hops = stdout.split("\n").map((text) => text.match(/^(?:good|skipped) +([a-z-]+)/)?.[1]);
    // Those that were not asked for come last.
    assert.deepEqual(hops.filter(Boolean).sort(), [...HOPS].sort());
    assert.match(stdout, /\ngood\n$/);
  },
  async "is plain where a peer writes control characters"() {
    const evil = "\x1b[2J\x07\x1b]0;owned\x07";
    const server = http.createServer((_request, response) => {
      respond(response, 404, "text/html", `<p>${evil}</p>\r${evil}`);
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    for (const args of [[], ["--quiet"], ["--json"]]) {
      const { code, stdout, stderr } = await run([url, ...args]);
      assert.deepEqual([code, stderr], [4, ""]);
      assert.doesNotMatch(stdout, CONTROL, args.join(" "));
    }
  },
  async "is nothing but verdicts with --quiet"() {
    const good = await run([dante.origin, "--quiet", "--transports", "sse"]);
    assert.equal(good.code, 0);
    assert.deepEqual([good.stdout, good.stderr], ["good\n", ""]);
    const url = await startHost(port, {
      upgrade(_request, socket) {
        refuse(socket, 403);
        return true;
      },
    });
    const { code, stdout } = await run([url, "--quiet", "--transports", "sse"]);
    assert.equal(code, 3);
    assert.match(stdout, /^degraded: websocket-forbidden \(at upgrade\)\n/);
    assert.match(stdout, /remedy: /);
    for (const hop of ["good", "skipped", "notReached"]) {
      assert.doesNotMatch(stdout, new RegExp(`^${hop}`, "m"));
    }
  },
  async "is nothing with wrong usage, and no document"() {
    for (const args of [["ftp://x/"], ["--json"], [dante.origin, "--transports", "smoke", "--json"]]) {
      const { code, stdout, stderr } = await run(args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.notEqual(stderr, "");
    }
  },
  async "is said when there are no roots"() {
    const env = { SSL_CERT_FILE: "/dev/null", SSL_CERT_DIR: "/nowhere" };
    const { code, stdout, stderr } = await run(["https://127.0.0.1:1/", "--json"], { env });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /root certificates/);
  },
  async "is the document that is documented"() {
    const document = await probe(dante.origin, ["--hold", "1s"]);
    const top = documented.rows.flatMap(([names]) => names).filter((name) => name in document);
    assert.deepEqual(top, Object.keys(document));
    for (const { evidence, ...hop } of document.hops) {
      assert.deepEqual(Object.keys(hop).sort(), ["hop", "ms", "outcome", "summary"]);
      const of = documented.rows.find(
        ([names]) => names.includes(hop.hop) || (names[0] === "stream-…" && hop.hop.startsWith("stream-")),
      );
      const fields = documented.names(of[1]);
      for (const name of Object.keys(evidence ?? {})) {
        assert.ok(name === "trouble" || fields.includes(name), `${hop.hop} has ${name}`);
      }
    }
    const url = await startHost(port, {
      answer(_request, response) {
        respond(response, 404, "text/html", "");
        return true;
      },
    });
    const [verdict] = (await probe(url)).verdicts;
    const words = documented.names(documented.text.split("## Verdicts")[1]);
    for (const name of Object.keys(verdict)) assert.ok(words.includes(name), name);
  },
});

/** The most memory that a process has used so far, in MiB; none when it is gone. */
function peakMemory(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = status.match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
    return kibibytes && Number(kibibytes) / 1024;
  } catch {
    return undefined;
  }
}

const TIMEOUT_S = 4;
/** What a probe may take longer than its time: the start of a program, and noise. */
const SLACK_S = 3;
/** A healthy probe needs some 20. */
const MOST_MIB = 80;

/** Probes a peer that does not want it to end. */
async function expectBounded(url, args = []) {
  let peak = 0;
  const start = performance.now();
  const running = run([url, "--json", "--timeout", `${TIMEOUT_S}s`, ...args], {
    async watch(child) {
      while (child.exitCode === null && child.signalCode === null) {
        peak = Math.max(peak, peakMemory(child.pid) ?? 0);
        await delay(50);
      }
    },
  });
  const { code, stdout } = await running;
  const seconds = (performance.now() - start) / 1000;
  assert.ok([3, 4].includes(code), `${code}`);
  assert.ok(seconds < TIMEOUT_S + SLACK_S, `it took ${seconds} s`);
  assert.ok(peak > 0 && peak < MOST_MIB, `it took ${peak} MiB`);
  assert.ok(stdout.length < 400_000, `the document has ${stdout.length} bytes`);
  return JSON.parse(stdout).verdicts.map(describeVerdict);
}

/** Writes the same again and again, as long as it is taken. */
function endlessly(socket, bytes) {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

const MEBIBYTE = Buffer.alloc(2 ** 20, "x");

together("a peer that does not want the probe to end:", {
  async "polls without end"() {
    const url = await startHost(port, {
      answer(request, response) {
        if (!request.url.includes("transport=polling")) return false;
        response.writeHead(200, { "content-type": "text/plain" });
        endlessly(response, MEBIBYTE);
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), ["degraded garbage at handshake"]);
  },
  async "an event without end"() {
    const url = await startHost(port, {
      answer(request, response) {
        if (!request.url.startsWith("/sse/")) return false;
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: ");
        endlessly(response, MEBIBYTE);
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), ["degraded garbage at stream-sse"]);
  },
  async "a page that unpacks to more than there is room for"() {
    const bomb = gzipSync(Buffer.alloc(256 * 2 ** 20));
    const url = await startHost(port, {
      answer(request, response) {
        if (!/gzip/.test(request.headers["accept-encoding"] ?? "")) return false;
        response.writeHead(200, {
          "content-type": request.url.startsWith("/sse/") ? "text/event-stream" : "text/html",
          "content-encoding": "gzip",
          "content-length": bomb.length,
        });
        response.end(bomb);
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), [
      "degraded compressed-stream at stream-sse",
      "degraded garbage at stream-sse",
      "degraded double-compression at compression",
    ]);
  },
  async "a frame of an exabyte, and fragments without end"() {
    const refused = [
      "degraded closed-after-101 at upgrade, or iis-websocket-module-on",
      "degraded garbage at stream-websocket",
    ];
    for (const [frame, verdicts] of [
      ["817f0fffffffffffffff", refused],
      ["0100", refused],
    ]) {
      const url = await startHost(port, {
        upgrade(request, socket) {
          socket.write(accepted(request));
          endlessly(socket, Buffer.from(frame.repeat(4096), "hex"));
          return true;
        },
      });
      assert.deepEqual(await expectBounded(url), verdicts);
    }
  },
  async "pings without end"() {
    const url = await startHost(port, {
      upgrade(request, socket) {
        socket.write(accepted(request));
        endlessly(socket, Buffer.from("8900".repeat(4096), "hex"));
        return true;
      },
    });
    // What the last attempt sees depends on what time is left for it.
    assert.equal((await expectBounded(url)).at(-1), "broken unproved at upgrade");
  },
  async "an answer that drips"() {
    const url = await startHost(port, {
      answer(request, response) {
        if (!request.url.includes("socket.io")) return false;
        response.writeHead(200, { "content-type": "text/plain" });
        const drip = setInterval(() => response.write("0"), 50);
        response.once("close", () => clearInterval(drip));
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), ["broken slow-answer at client-library"]);
  },
  async "a session whose pings come in a thousand years"() {
    const open = { sid: "a", upgrades: ["websocket"], pingInterval: 2 ** 45, pingTimeout: 2 ** 45 };
    const url = await startHost(port, {
      answer(request, response) {
        if (!request.url.includes("transport=polling")) return false;
        if (!request.url.includes("sid=")) respond(response, 200, "text/plain", `0${JSON.stringify(open)}`);
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), [
      "degraded poll-failures at sticky",
      "broken unproved at sticky",
    ]);
  },
  async "busy for a thousand years"() {
    const url = await startHost(port, {
      answer(request, response) {
        if (request.url === "/") return false;
        response.writeHead(503, { "retry-after": "31536000000" }).end();
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), [
      "note hosting-unreadable at hosting",
      "degraded library-missing at client-library",
      "degraded guest-not-started at handshake",
      "degraded stream-refused at stream-sse",
    ]);
  },
});

together("time", {
  async "that is up before a stream was seen"() {
    // Each answer comes, and none soon.
    const url = await startHost(port, {
      pass(_request, from, response) {
        setTimeout(() => {
          response.writeHead(from.statusCode, from.headers);
          from.pipe(response);
        }, 700);
        return true;
      },
    });
    await expectProbe(url, {
      args: ["--timeout", "2s"],
      verdicts: ["broken slow-answer at client-library"],
      last: "client-library",
    });
  },
});
