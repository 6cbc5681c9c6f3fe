// Starts dante.exe under Wine, by itself or behind the bridge, which launches it as iisnode does.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

import { temporaryFolder } from "../support/dante.js";

/** `ERROR_PIPE_BUSY`: the pipe is there, and no instance of it is free. */
const PIPE_BUSY = 231;

/** A path as Windows programs see it: Wine's drive Z: is the root. */
export const onWindows = (file) => `Z:${file.replaceAll("/", "\\")}`;

/** The process of the system whose command line has this text, Wine's own number being another. */
function processWith(text) {
  const found = readdirSync("/proc").filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      const [program, ...args] = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0");
      return program.includes("dante.exe") && args.some((arg) => arg.includes(text));
    } catch {
      // It has just ended.
      return false;
    }
  });
  assert.equal(found.length, 1, `processes of the guest: ${found}`);
  return Number(found[0]);
}

/**
 * Launches dante.exe as iisnode does, with these arguments in `nodeProcessCommandLine`. Ended after the test file at
 * the latest. iisnode's guests have no console, and so hear no Ctrl-C; `console` gives them one.
 * @returns {Promise<import("../support/guest-of-iisnode.js").Guest>}
 */
export async function launchUnderIisnode(args, { console = false } = {}) {
  const folder = path.join(temporaryFolder(), "my site");
  mkdirSync(folder);
  const script = path.join(folder, "server-socketio.js");
  writeFileSync(script, "// a placeholder: iisnode wants the file\n");
  const commandLine = [
    `"${onWindows(process.env.DANTE_EXE)}"`,
    ...args,
    // iisnode's default for `interceptor` has quotes (schema:33), and the script gets them (cnodeprocess.cpp:81-119).
    '"C:\\Program Files\\iisnode\\interceptor.js"',
    `"${onWindows(script)}"`,
  ].join(" ");
  // cmoduleconfiguration.cpp:155-372
  const variables = {
    IISNODE_VERSION: "0.2.26",
    NODE_PENDING_PIPE_INSTANCES: "5000",
    NODE_ENV: "production",
    IISNODE_LOGGINGENABLED: "1",
    IISNODE_LOGDIRECTORY: "logs",
    IISNODE_MAXTOTALLOGFILESIZEINKB: "1024",
    IISNODE_MAXLOGFILESIZEINKB: "128",
    IISNODE_MAXLOGFILES: "20",
  };
  const named = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const mode = console ? "console" : "detached";
  const bridge = spawn("wine64", [process.env.BRIDGE_EXE, mode, onWindows(folder), commandLine, ...named], {
    // A setting of the site's own is in the worker process's environment, and so in the guest's.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: "8123" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const left = once(bridge, "exit");
  after(async () => {
    bridge.stdin.end();
    await left;
  });

  const lines = createInterface(bridge.stdout)[Symbol.asyncIterator]();
  const next = async (word) => {
    const { value: line } = await lines.next();
    assert.ok(line?.startsWith(`${word} `), `the bridge says ${line}`);
    return line.slice(word.length + 1);
  };
  const id = Number(await next("guest"));
  const port = Number((await next("listening")).match(/:(\d+)$/)[1]);
  const exit = next("exited").then(Number);
  // Whoever waits for it hears of it; nobody else needs to.
  exit.catch(() => {});

  return {
    id,
    exit,
    logs: path.join(folder, "logs"),
    interrupt: () => process.kill(processWith(onWindows(script)), "SIGINT"),
    open: () => openPipe(port),
  };
}

/** Opens a pipe through the bridge, which asks once and says what came of it. */
async function openPipe(port) {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let said = "";
  while (!said.endsWith("\n")) {
    await once(socket, "readable");
    said += socket.read() ?? "";
    if (socket.readableEnded) break;
  }
  if (said === "ok\n") return socket;
  socket.destroy();
  throw Object.assign(new Error(`the pipe cannot be opened: error ${said}`), {
    busy: Number(said) === PIPE_BUSY,
  });
}
