// One measurement: a server, started for it, and `dante load`, which joins, listens, checks each stanza and reports.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import WebSocket from "ws";

import { start } from "./servers.js";

/** How long the load goes on around the time in which system calls are counted, in seconds. */
const MARGIN = 2;

/** What is kept of a report: what the page shows, and what would make a figure worthless. */
function kept(report) {
  const {
    joined,
    failed,
    lost,
    repeated,
    silent,
    cuts,
    latenessMs,
    firstStanzaMs,
    joinMs,
    generator,
    server,
  } = report;
  return {
    joined,
    failed: Object.values(failed).reduce((sum, count) => sum + count, 0),
    ...{ lost, repeated, silent, cuts },
    cpu: server.microsPerStanza,
    kib: server.kibPerReader,
    latenessP50: latenessMs.p50,
    latenessP99: latenessMs.p99,
    firstP50: firstStanzaMs.p50,
    joinP99: joinMs.p99,
    generatorCpu: (1e6 * generator.cpuSeconds) / server.stanzas,
    bottleneck: generator.bottleneck,
  };
}

/** Measures a server with so many readers for so many seconds. */
export async function measure(kind, context, { readers, seconds, ramp }) {
  const server = await start(kind, context);
  try {
    return kept(await load(kind, server, context, { readers, seconds, ramp }));
  } finally {
    await server.stop();
  }
}

/** Counts the system calls of a server with strace, which is too slow to measure anything else meanwhile. */
export async function countCalls(kind, context, { readers, seconds, ramp }) {
  const server = await start(kind, context);
  try {
    let counted;
    await load(kind, server, context, { readers, seconds: seconds + MARGIN, ramp }, () => {
      counted = trace(server.pid, seconds);
    });
    const calls = await counted;
    const stanzas = (readers * seconds * 1000) / context.interval;
    const sum = (names) => names.reduce((all, name) => all + (calls[name] ?? 0), 0) / stanzas;
    return {
      sends: sum(["sendto", "sendmsg", "write", "writev"]),
      waits: sum(["epoll_wait", "epoll_pwait", "epoll_pwait2"]),
      all: sum(Object.keys(calls)),
    };
  } finally {
    await server.stop();
  }
}

/** Runs `dante load` and returns its report. */
async function load(kind, server, { binary }, { readers, seconds, ramp }, joined = () => {}) {
  const options = {
    readers,
    ramp,
    duration: `${seconds}s`,
    transport: kind.transport,
    "server-pid": server.pid,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(binary("dante"), ["load", server.url, ...args, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  let report;
  for await (const line of createInterface(child.stdout)) {
    const event = JSON.parse(line);
    if (event.event === "joined") joined();
    if (event.event === "report") report = event;
  }
  const [code] = await ended;
  if (!report) throw new Error(`dante load ended with ${code} and without a report`);
  return report;
}

/** The system calls of a process and its threads in so many seconds, by name. */
async function trace(pid, seconds) {
  const folder = mkdtempSync(path.join(tmpdir(), "dante-calls-"));
  try {
    const file = path.join(folder, "calls");
    const child = spawn("strace", ["-f", "-c", "-o", file, "-p", String(pid)], { stdio: "ignore" });
    const ended = once(child, "exit");
    setTimeout(() => child.kill("SIGINT"), seconds * 1000);
    await ended;
    // % time, seconds, usecs/call, calls, errors (or blank), name.
    const rows = readFileSync(file, "utf8").matchAll(
      /^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?([a-z]\w+)$/gm,
    );
    return Object.fromEntries(
      [...rows].filter(([, , name]) => name !== "total").map(([, count, name]) => [name, Number(count)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads the stanzas that Dante sends, as JSON, one a line: what its peers send, too. */
export async function recordStanzas(dante, context) {
  const server = await start(dante, { ...context, interval: 20 });
  try {
    const socket = new WebSocket(new URL("websocket/ws?format=json", server.url));
    const events = [];
    socket.on("message", (data) => events.push(String(data)));
    await once(socket, "close");
    return events.filter((event) => JSON.parse(event).event === "divinecomedy");
  } finally {
    await server.stop();
  }
}
