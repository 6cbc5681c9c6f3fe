// What is printed, and what no peer can make of it: a document that grows, a probe that does not end.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { gzipSync } from "node:zlib";

import { BINARY, startDante } from "../support/dante.js";
import {
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

const CONTROL = /[^\P{Cc}\n]/u;

/** The tables of docs/probe.md: what stands in backticks in the rows below a heading, by the row's first name. */
const documented = (() => {
  const file = readFileSync(path.resolve(import.meta.dirname, "../../docs/probe.md"), "utf8");
  const text = file.replaceAll(/^```[^]*?^```/gm, "");
  const names = (part) => [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const rows = text.split("\n").filter((row) => row.startsWith("| `"));
  return {
    rows: rows.map((row) => row.split("|").slice(1, -1)).map((cells) => [names(cells[0]), cells.at(-1)]),
    text,
    names,
  };
})();

/** Environments whose locales show more than ASCII, and no more. */
const UNICODE = { LC_ALL: "C.UTF-8" };
const ASCII = { LC_ALL: "C" };

/** A host that refuses WebSockets. */
const startRefusing = () =>
  startHost(port, {
    upgrade(_request, socket) {
      refuse(socket, 403, "not here");
      return true;
    },
  });

/** The names of all fields in a document, but for those in what the server says. */
function fieldsIn(value) {
  if (Array.isArray(value)) return value.flatMap(fieldsIn);
  if (value === null || typeof value !== "object") return [];
  const said = ["answer", "open", "opening", "saw"];
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...(said.includes(name) ? [] : fieldsIn(inner)),
  ]);
}

/** Runs a command in a terminal of so many columns, by `script`; what it writes, with plain line feeds. */
function inTerminal(columns, command, env) {
  const args = ["--quiet", "--return", "--command", `stty cols ${columns} rows 24; ${command}`, "/dev/null"];
  return new Promise((resolve) => {
    const child = execFile("script", args, { env: { ...process.env, ...env } }, (_error, stdout) =>
      resolve({ code: child.exitCode, text: stdout.replaceAll("\r\n", "\n") }),
    );
  });
}

together("what is printed", {
  async "is short where all is good, and plain where there is no terminal"() {
    const { code, stdout, stderr } = await run([dante.origin], { env: UNICODE });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.doesNotMatch(stdout, CONTROL);
    const [title, ...lines] = stdout.split("\n");
    assert.match(title, /^dante \S+ → http:\/\/127\.0\.0\.1:\d+\/ {3}\d{4}-\d\d-\d\d \d\d:\d\dZ$/);
    assert.deepEqual(lines.slice(-3), ["", "GOOD: all 4 transports stream", ""]);
    const hops = lines.slice(0, -3);
    assert.ok(hops.every((line) => line.startsWith("✓ ")));
    const labels = hops.flatMap((line) => line.slice(2).split(/ {2,}/));
    for (const label of [
      "name",
      "tcp",
      "http/1.1",
      "page",
      "library",
      "sticky",
      "upgrade",
      "resume",
      "cors",
    ]) {
      assert.equal(labels.filter((one) => one === label).length, 1, label);
    }
    assert.ok(labels.includes("all 4 streams"), stdout);
  },
  async "has reasons beside what is bad, and is in ASCII where the locale wants it"() {
    const url = await startRefusing();
    for (const [env, [good, bad, arrow]] of [
      [UNICODE, ["✓ ", "✗ ", "→"]],
      [ASCII, ["ok ", "x  ", "->"]],
    ]) {
      const { code, stdout } = await run([url], { env });
      assert.equal(code, 3);
      const lines = stdout.split("\n");
      const line = (start) => lines.find((text) => text.startsWith(start));
      assert.match(line(`${bad}upgrade `), /403 to every client style$/);
      assert.match(line(`${bad}socket.io websocket, plain websocket`), / refused: 403$/);
      assert.match(line(`${good}socket.io polling`), /(?:, sse)? +\S.* 0\.25 s$/);
      assert.match(line("DEGRADED"), /^DEGRADED: 2 of 4 transports stream/);
      assert.match(line("  seen"), new RegExp(`GET .* ${arrow} 403`));
      assert.ok(line("  fix"));

      if (env === ASCII) assert.match(stdout, /^[\n\x20-\x7e]*$/);
      assert.doesNotMatch(stdout, CONTROL);
      for (const text of lines) assert.ok([...text].length <= 80, text);
    }
  },
  async "says first which URL to try, where the path alone is wrong"() {
    const prefixed = await startDante([...PACE, "--prefix", "/dante"]);
    const url = await startHost(prefixed.port, {
      answer(request, response) {
        if (request.url.startsWith("/dante/")) return false;
        respond(response, 404, "text/html", "<title>Nothing</title>");
        return true;
      },
    });
    const { code, stdout } = await run([`${url}/nowhere/`], { env: ASCII });
    assert.equal(code, 4);
    assert.ok(stdout.includes(`\nBROKEN: Dante is not at this path; try ${url}/dante/\n`), stdout);
    assert.match(stdout, /\n- {2}not reached: hosting, library,[^]*streams,/);
  },
  async "is written over on a terminal, in its width and in colour"() {
    const url = await startRefusing();
    const { code, text } = await inTerminal(60, `'${BINARY}' probe ${url}`, { ...UNICODE, TERM: "xterm" });
    assert.equal(code, 3);
    // What stands in the end: what follows the last return, letter by letter over what stood there before.
    const last = text.split("\n").map((line) => {
      const parts = stripVTControlCharacters(line).split("\r");
      return parts.reduce((under, over) => over + under.slice(over.length), "").trimEnd();
    });
    assert.ok(text.includes("\x1b[31m✗"), text);
    assert.ok(text.includes("\r"), text);
    for (const line of last) assert.ok([...line].length <= 60 || !line.trim().includes(" "), line);
    const where = (start) => last.findIndex((line) => line.startsWith(start));
    assert.ok(where("dante ") < where("✓ name  tcp") && where("✓ name  tcp") < where("✗ upgrade"), text);
    assert.ok(where("✗ upgrade") < where("DEGRADED: 2 of 4 transports stream"), text);
    assert.ok(!last.some((line) => /\d s: \d/.test(line)), "the progress is gone");
  },
  async "is each request and its answer with --verbose"() {
    const { code, stdout } = await run([await startRefusing(), "-v"], { env: ASCII });
    assert.equal(code, 3);
    assert.doesNotMatch(stdout, CONTROL);
    assert.match(
      stdout,
      /^x {2}upgrade +[^]*?\n {4}GET http\S+transport=websocket\n {4}> sent after 0\.\d{3} s/m,
    );
    assert.match(stdout, /^ {4}> upgrade: websocket\n/m);
    assert.match(stdout, /^ {4}< 403 HTTP\/1\.1, head after \d+ ms, 8 bytes read in \d+ ms\n/m);
    assert.match(stdout, /^ {4}< not here\n/m);
    assert.match(stdout, /gaps \d{3}/);
    // What the evidence only counts.
    assert.match(stdout, /\nother requests\n[^]*\n {4}POST http\S+&sid=\S+\n/);
  },
  async "is plain where a peer writes control characters"() {
    const evil = "\x1b[2J\x07\x1b]0;owned\x07";
    const server = http.createServer((_request, response) => {
      respond(response, 404, "text/html", `<p>${evil}</p>\r${evil}`);
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    for (const args of [[], ["--quiet"], ["--json"], ["--verbose"]]) {
      const { code, stdout, stderr } = await run([url, ...args]);
      assert.deepEqual([code, stderr], [4, ""]);
      assert.doesNotMatch(stdout, CONTROL, args.join(" "));
    }
  },
  async "is nothing but outcome and verdicts with --quiet"() {
    const good = await run([dante.origin, "--quiet", "--transports", "sse"]);
    assert.equal(good.code, 0);
    assert.deepEqual([good.stdout, good.stderr], ["GOOD: sse streams\n", ""]);
    const { code, stdout } = await run([await startRefusing(), "--quiet", "--transports", "sse"]);
    assert.equal(code, 3);
    assert.match(stdout, /^DEGRADED: sse streams, but not as they should\n\n\S+ {3}\S.*\n/);
    assert.match(stdout, /^ {2}fix /m);
    assert.doesNotMatch(stdout, /^(?:✓|ok|✗|x|–|-) /m);
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
    // `hops` have `ms`, too, and verdicts stand below.
    assert.deepEqual([...new Set(top)], Object.keys(document));
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
    const bad = await probe(await startRefusing());
    assert.notEqual(bad.verdicts.length, 0);
    const words = documented.names(documented.text);
    for (const name of [...fieldsIn(document), ...fieldsIn(bad)]) assert.ok(words.includes(name), name);
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

/** How long one answer may take. */
const TIMEOUT_S = 4;
/** How long such a probe may take: two answers in a row that do not come, the streams, and noise. */
const MOST_S = 30;
/** A healthy probe needs some 20. */
const MOST_MIB = 80;

/** Probes a peer that does not want it to end. */
async function expectBounded(url, mostS = MOST_S) {
  let peak = 0;
  const start = performance.now();
  const running = run([url, "--json", "--timeout", `${TIMEOUT_S}s`], {
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
  assert.ok(seconds < mostS, `it took ${seconds} s`);
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
      "degraded garbage at stream-sse",
      "degraded double-compression at compression",
      "note compressed-stream at stream-sse",
    ]);
  },
  async "a frame of an exabyte, and fragments without end"() {
    for (const frame of ["817f0fffffffffffffff", "0100"]) {
      const url = await startHost(port, {
        upgrade(request, socket) {
          socket.write(accepted(request));
          endlessly(socket, Buffer.from(frame.repeat(4096), "hex"));
          return true;
        },
      });
      const verdicts = await expectBounded(url);
      const seen = /^degraded garbage at (?:upgrade|stream-websocket)$/m;
      assert.match(verdicts.join("\n"), seen);
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
    assert.deepEqual(await expectBounded(url), ["degraded garbage at upgrade"]);
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
    // As long as bytes come, a body may take half a minute: library, session and stream do, one after the other.
    assert.deepEqual(await expectBounded(url, 4 * MOST_S), ["degraded slow-answer at client-library"]);
  },
  async "a session whose pings come in a thousand years"() {
    const open = { upgrades: ["websocket"], pingInterval: 2 ** 45, pingTimeout: 2 ** 45 };
    let sessions = 0;
    const url = await startHost(port, {
      answer(request, response) {
        if (!request.url.includes("transport=polling")) return false;
        if (!request.url.includes("sid=")) {
          respond(response, 200, "text/plain", `0${JSON.stringify({ sid: `s${sessions++}`, ...open })}`);
        }
        return true;
      },
    });
    assert.deepEqual(await expectBounded(url), ["degraded no-stickiness at upgrade"]);
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
      "broken files-missing at files",
      "degraded engine-refused at handshake",
      "degraded stream-refused at stream-sse",
      "note hosting-unreadable at hosting",
    ]);
  },
});

together("time", {
  async "that is up before an answer comes"() {
    const url = await startHost(port, {
      pass(_request, from, response) {
        setTimeout(() => {
          response.writeHead(from.statusCode, from.headers);
          from.pipe(response);
        }, 2500);
        return true;
      },
    });
    await expectProbe(url, {
      args: ["--timeout", "1s"],
      verdicts: ["broken black-hole at http, or guest-not-started"],
      last: "http",
    });
  },
});
