// Starts the real binary and ends it. Nothing here waits by sleeping: the banner says when it listens,
// and on which port.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

/** The program under test. */
export const BINARY = process.env.DANTE_BIN ?? path.resolve(import.meta.dirname, "../../target/debug/dante");

/** How long a test file may live on when all its tests and what they clean up are done. */
const REST_MS = 60_000;

// Once, on a busy machine, a file whose tests had all passed did not end, for whatever in Node.js. The results are known by then; what is left is told.
after(() => {
  const end = () => {
    console.error(
      `the tests are done, but this file did not end: ${process.getActiveResourcesInfo().join(", ")}`,
    );
    process.exit();
  };
  setTimeout(end, REST_MS).unref();
});

/** The environment without anything that a host would set. */
function cleanEnvironment() {
  const names = ["PATH", "HOME", "LANG", "RUST_BACKTRACE", "RUST_LOG"];
  return Object.fromEntries(
    names.filter((name) => name in process.env).map((name) => [name, process.env[name]]),
  );
}

/** A folder that goes when the test file is done. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), "dante-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A text of so many one-line stanzas: `Stanza 0`, `Stanza 1`, … */
export function poemFile(stanzas) {
  const file = path.join(temporaryFolder(), "poem.txt");
  writeFileSync(file, Array.from({ length: stanzas }, (_, index) => `Stanza ${index}\n`).join("\n"));
  return file;
}

/** A running Dante. */
class Dante {
  constructor(child, banner) {
    this.child = child;
    this.banner = banner;
    this.port = Number(banner.match(/endpoint\s+\S+:(\d+) /)?.[1]);
    this.origin = `http://127.0.0.1:${this.port}`;
  }

  /** Sends a signal and waits for the end. Returns the exit code, or the signal that ended it. */
  async end(signal = "SIGTERM") {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    this.child.kill(signal);
    const [code, by] = await once(this.child, "exit");
    return code ?? by;
  }
}

/**
 * Starts `dante` with these arguments and returns when it listens. It is killed after the test file at
 * the latest.
 * @param {string[]} args by default it listens on a port that the system chooses
 * @param {object} options `through` are the words of a command that goes before its own; `log` is a descriptor that its log is written to
 */
export async function startDante(args = [], { port = 0, env = {}, through = [], log } = {}) {
  const [program, ...words] = [...through, BINARY, "--listen", String(port), ...args];
  const child = spawn(program, words, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", log ?? (process.env.DANTE_TEST_LOGS ? "inherit" : "ignore")],
  });
  after(() => child.kill("SIGKILL"));
  let banner = "";
  for await (const line of createInterface(child.stdout)) {
    banner += `${line}\n`;
    if (line.includes("  poem ")) return new Dante(child, banner);
  }
  throw new Error(`dante ended before it listened, with code ${child.exitCode}; DANTE_TEST_LOGS=1 shows why`);
}

/**
 * Starts `dante` exactly as iisnode does (iisnode cnodeprocess.cpp:81-185, cmoduleconfiguration.cpp:155-372),
 * with a Unix domain socket in place of the pipe: interceptor and script as arguments, the script's folder
 * as working directory, no standard handles. It is not waited for: iisnode does not either, its first
 * request tries until somebody listens.
 * @returns {{child: import("node:child_process").ChildProcess, socketPath: string, folder: string}}
 */
export function startUnderIisnode({ env = {}, args = [] } = {}) {
  const folder = temporaryFolder();
  const socketPath = path.join(folder, "pipe");
  const script = path.join(folder, "server-socketio.js");
  writeFileSync(script, "// a placeholder: iisnode wants the file\n");
  const child = spawn(BINARY, [...args, "C:\\Program Files\\iisnode\\interceptor.js", script], {
    cwd: folder,
    env: {
      ...cleanEnvironment(),
      PORT: socketPath,
      IISNODE_VERSION: "0.2.21",
      NODE_PENDING_PIPE_INSTANCES: "5000",
      COMPUTERNAME: "VERGIL",
      ...env,
    },
    stdio: "ignore",
    detached: false,
  });
  after(() => child.kill("SIGKILL"));
  return { child, socketPath, folder };
}

/** Starts `dante echo` on a port that the system chooses, and gives that port. It is killed after the test file at the latest. */
export async function startEcho() {
  const child = spawn(BINARY, ["echo", "--listen", "0"], {
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", process.env.DANTE_TEST_LOGS ? "inherit" : "ignore"],
  });
  after(() => child.kill("SIGKILL"));
  for await (const line of createInterface(child.stdout)) {
    const port = line.match(/endpoint\s+\S+:(\d+) /)?.[1];
    if (port) return Number(port);
  }
  throw new Error(`dante echo ended before it listened, with code ${child.exitCode}`);
}
