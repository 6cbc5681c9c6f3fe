// A fleet: a Redis on a Unix socket, nodes that meet in it, a balancer before them, and readers who each have an address of their own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import { connect, follow, NOTICES, readWebSocket, Recording } from "../js/support.js";
import { BINARY, startDante } from "../support/dante.js";
import { find, openFolder } from "../support/programs.js";
import { Proxy } from "../support/proxies.js";

const RETRY_MS = 50;

const run = promisify(execFile);

/** Waits for what has no event of its own. */
export async function until(condition) {
  while (!(await condition())) await delay(RETRY_MS);
}

/** A Redis that is started again at the same place, with nothing in it. */
export class Redis {
  /** @param {string[]} args more of its options; `user` and so on belong into `url` */
  constructor(args = []) {
    this.program = find("redis-server");
    if (!this.program) {
      throw new Error(
        "redis-server is missing, and so nothing here was tested: apt-get install redis-server",
      );
    }
    this.folder = openFolder();
    this.socket = `${this.folder}/redis.sock`;
    this.url = `unix://${this.socket}`;
    this.args = args;
    after(() => this.child?.kill("SIGKILL"));
  }

  async start() {
    const args = [
      "--port",
      "0",
      "--unixsocket",
      this.socket,
      "--save",
      "",
      "--dir",
      this.folder,
      ...this.args,
    ];
    this.child = spawn(this.program, args, { stdio: "ignore" });
    await until(() => this.child.exitCode !== null || accepts(this.socket));
    if (this.child.exitCode !== null) throw new Error(`redis-server ended at once: ${args.join(" ")}`);
    chmodSync(this.socket, 0o666);
    return this;
  }

  async kill() {
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }

  /** Sends one command, as redis-cli does with its arguments, and returns the answer as it is. */
  async ask(...words) {
    const socket = net.connect(this.socket);
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join("")}`);
    const [answer] = await once(socket, "data");
    socket.destroy();
    return String(answer);
  }
}

async function accepts(path) {
  const socket = net.connect(path);
  const connected = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return connected;
}

/** Starts nodes that meet in a Redis. */
export function startNodes(count, redis, args) {
  const all = Array.from({ length: count }, () => startDante([...args, "--redis", redis.url]));
  return Promise.all(all);
}

/** What one node says at a path. */
export async function told(node, path) {
  const [answer] = await once(http.get(`${node.origin}${path}`, { agent: false }), "response");
  answer.setEncoding("utf8");
  let text = "";
  for await (const part of answer) text += part;
  return { status: answer.statusCode, text };
}

/** Runs `dante announce` for the Redis at an URL. Returns its exit code and what it said. */
export async function announce(text, { url, env = {} }) {
  const options = { env: { ...process.env, ...env, DANTE_REDIS: url } };
  return await run(BINARY, ["announce", text], options).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stderr }) => ({ code, said: stderr }),
  );
}

/**
 * A reader over server-sent events that comes back with `Last-Event-ID`, as browsers do. The event source of npm can't choose its address.
 */
function readEvents(origin, query, localAddress) {
  const recording = new Recording();
  const leaving = new AbortController();
  const { signal } = leaving;
  let last;
  const take = (event, data, id) => {
    if (id) last = id;
    if (!data) return;
    const { event: _, text, ...content } = JSON.parse(data);
    if (event === "reading") recording.opened(content);
    else if (event === "divinecomedy") recording.stanza(text, content);
    else if (NOTICES.includes(event)) recording.notice(event, { ...(text && { text }), ...content });
    else if (event === "end") recording.over("end", true);
  };
  const read = async () => {
    const headers = {
      accept: "text/event-stream",
      ...(last && { "last-event-id": last }),
    };
    const url = `${origin}/sse/stream?${query}`;
    const [answer] = await once(http.get(url, { headers, localAddress, signal, agent: false }), "response");
    answer.setEncoding("utf8");
    let text = "";
    for await (const part of answer) {
      const events = (text + part).split("\n\n");
      text = events.pop();
      for (const lines of events) {
        const fields = lines.split("\n").map((line) => line.split(/: (.*)/s));
        const { event, data, id } = Object.fromEntries(fields);
        take(event, data, id);
      }
    }
  };
  const stay = async () => {
    while (!recording.ended && !signal.aborted) {
      // It breaks when its node does.
      await read().catch(() => {});
      if (!recording.ended && !signal.aborted) recording.over("cut", false);
      await delay(RETRY_MS, null, { signal }).catch(() => {});
    }
  };
  void stay();
  after(() => leaving.abort());
  return recording;
}

/** A Socket.IO reader who asks for the number of readers, or something else, and resumes where it was. */
function readSocketIo(origin, transports, localAddress, asked) {
  // Not with keepAlive: this client then leaves a request unwritten now and then.
  const agent = new http.Agent({ localAddress });
  const auth = (answer) => answer({ ...asked, ...recording.request() });
  const socket = connect("4", origin, { auth, transports, agent });
  const recording = follow(socket);
  return recording;
}

/** How readers of each transport read; `localAddress` is theirs, and `asked` what they ask for. */
export const TRANSPORTS = {
  websocket: (origin, localAddress, asked) => readSocketIo(origin, ["websocket"], localAddress, asked),
  polling: (origin, localAddress, asked) => readSocketIo(origin, ["polling"], localAddress, asked),
  upgrade: (origin, localAddress, asked) =>
    readSocketIo(origin, ["polling", "websocket"], localAddress, asked),
  "plain WebSocket": (origin, localAddress, asked) => readWebSocket(origin, asked, { localAddress }),
  "server-sent events": (origin, localAddress, asked) =>
    readEvents(origin, new URLSearchParams(asked), localAddress),
};

/** So many readers on each transport. */
export function crowd(origin, each, asked = { readers: true }) {
  const kinds = Object.entries(TRANSPORTS);
  return Array.from({ length: each * kinds.length }, (_, at) => {
    const [transport, read] = kinds[at % kinds.length];
    return Object.assign(read(origin, `127.0.0.${at + 2}`, asked), { transport });
  });
}

/** So many nodes, and HAProxy before them. */
export async function startFleet(count, redis, args) {
  const nodes = await startNodes(count, redis, args);
  const upstreams = nodes.flatMap(({ port }) => ["--upstream", `127.0.0.1:${port}`]);
  const origin = await new Proxy("haproxy").start(["--prefix", "/", ...upstreams]);
  return { nodes, origin };
}

/** Gives a room an order on one node; what is answered. */
export async function order(node, room, what, token = "a-token-that-nobody-guesses") {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${node.origin}/room/${room}`, {
    method: "POST",
    headers,
    body: JSON.stringify(what),
  });
  const text = await answer.text();
  return { status: answer.status, text, ...(answer.ok && JSON.parse(text)) };
}
