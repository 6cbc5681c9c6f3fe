// Starts real proxies on loopback with what `dante hosting` prints, and nothing around it but what such a file is
// included from on Debian. What surrounds it is no friendlier to streams than Debian's own files.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, chmodSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { BINARY, temporaryFolder } from "./dante.js";

const IS_ROOT = process.getuid() === 0;
const RETRY_MS = 20;
const ATTEMPTS = 5;
/** How long a proxy may take to end. */
const PATIENCE_MS = 3000;

/** A temporary folder that the accounts of proxies may enter. */
export function openFolder() {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return folder;
}

/** What Debian enables with the package, as far as it touches requests. */
const APACHE_MODULES = [
  "mpm_event",
  "authz_core",
  "alias",
  "deflate",
  "env",
  "filter",
  "reqtimeout",
  "setenvif",
];
const APACHE = "/etc/apache2/mods-available";

/** The modules that `a2enmod` enables: these, and what they depend on. */
function apacheModules(names, found = new Set()) {
  for (const name of names.filter((one) => !found.has(one))) {
    const load = readFileSync(`${APACHE}/${name}.load`, "utf8");
    apacheModules(load.match(/^# Depends: (.*)$/m)?.[1].split(" ") ?? [], found);
    found.add(name);
  }
  return [...found];
}

/** Each: its package, how its version is asked for, and how a file is put in place in a folder. */
const PROXIES = {
  nginx: {
    package: "nginx-light",
    version: ["-v"],
    place(folder, text) {
      writeFileSync(`${folder}/dante.conf`, text);
      const main = `
        ${IS_ROOT ? "user www-data;" : ""}
        daemon off;
        worker_processes 1;
        pid ${folder}/nginx.pid;
        events { worker_connections 1024; }
        http {
          access_log off;
          ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map((name) => `${name}_temp_path ${folder}/${name};`)
            .join(" ")}
          gzip on;
          gzip_types text/plain text/event-stream;
          gzip_min_length 1;
          include ${folder}/dante.conf;
        }`;
      writeFileSync(`${folder}/nginx.conf`, main);
      return { run: ["-e", "stderr", "-c", `${folder}/nginx.conf`], check: ["-t"] };
    },
  },
  apache: {
    program: "apache2",
    package: "apache2",
    version: ["-v"],
    place(folder, text) {
      writeFileSync(`${folder}/dante.conf`, text);
      const wanted = text.match(/a2enmod (.*?) &&/)[1].split(" ");
      const main = `
        ServerRoot ${folder}
        DefaultRuntimeDir ${folder}
        PidFile ${folder}/apache.pid
        ErrorLog /dev/stderr
        ServerName localhost
        ${apacheModules([...APACHE_MODULES, ...wanted])
          .map((name) => `Include ${APACHE}/${name}.load\nIncludeOptional ${APACHE}/${name}.conf`)
          .join("\n")}
        AddOutputFilterByType DEFLATE text/event-stream
        ${IS_ROOT ? "User www-data\nGroup www-data" : ""}
        ${/^Listen /m.test(text) ? "" : "Listen 80"}
        Include ${folder}/dante.conf`;
      writeFileSync(`${folder}/apache2.conf`, main);
      return { run: ["-f", `${folder}/apache2.conf`, "-D", "FOREGROUND"], check: ["-t"] };
    },
  },
  caddy: {
    package: "caddy",
    version: ["version"],
    place(folder, text) {
      writeFileSync(`${folder}/dante.Caddyfile`, text);
      // Its administration listens on one port for all of a machine.
      writeFileSync(`${folder}/Caddyfile`, `{\n\tadmin off\n}\nimport ${folder}/dante.Caddyfile\n`);
      const config = ["--adapter", "caddyfile", "--config", `${folder}/Caddyfile`];
      const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
      return { run: ["run", ...config], check: ["validate", ...config], whole: true, env };
    },
  },
  haproxy: {
    package: "haproxy",
    version: ["-v"],
    place(folder, text) {
      writeFileSync(`${folder}/haproxy.cfg`, text);
      const files = ["-f", `${folder}/haproxy.cfg`];
      // Only root can go on as another account. The first one named counts.
      if (!IS_ROOT) {
        writeFileSync(
          `${folder}/account.cfg`,
          `global\n  uid ${process.getuid()}\n  gid ${process.getgid()}\n`,
        );
        files.unshift("-f", `${folder}/account.cfg`);
      }
      return { run: ["-db", ...files], check: ["-c"] };
    },
  },
};

/** Where a program is; also where administrators' are, which the paths of others leave out. */
function find(program) {
  const folders = [...process.env.PATH.split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What `dante hosting` prints. */
export function recipe(name, args) {
  return execFileSync(BINARY, ["hosting", name, ...args], { encoding: "utf8" });
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until somebody listens. */
async function listens(port, signal) {
  while (!signal.aborted) {
    const socket = net.connect(port, "127.0.0.1");
    const connected = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await delay(RETRY_MS);
  }
}

const running = new Set();
// Also when the tests are broken off.
process.once("exit", () => running.forEach((child) => kill(child, "SIGKILL")));

/** Ends a process and its children, which are a group. */
function kill(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // They have ended.
  }
}

async function end(child) {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
  kill(child, "SIGTERM");
  const patience = new AbortController();
  await Promise.race([ended, delay(PATIENCE_MS, null, { signal: patience.signal }).catch(() => {})]);
  patience.abort();
  kill(child, "SIGKILL");
  running.delete(child);
}

/** A proxy as it is installed here. */
export class Proxy {
  /** @param {"nginx" | "apache" | "caddy" | "haproxy"} name the one of its recipe */
  constructor(name) {
    this.name = name;
    this.kind = PROXIES[name];
    this.program = find(this.kind.program ?? name);
    if (!this.program) {
      throw new Error(
        `${name} is missing, and so nothing here was tested: apt-get install ${this.kind.package}`,
      );
    }
    const { stdout, stderr } = spawnSync(this.program, this.kind.version, { encoding: "utf8" });
    this.version = `${stdout}${stderr}`.match(/\d+(\.\d+)+/)[0];
  }

  /** Has the proxy itself check what is printed; throws with what it says. */
  check(args) {
    const placed = this.kind.place(openFolder(), recipe(this.name, args));
    const words = placed.whole
      ? placed.check
      : [...placed.check, ...placed.run.filter((word) => word !== "-db")];
    execFileSync(this.program, words, { env: { ...process.env, ...placed.env }, stdio: "pipe" });
  }

  /**
   * Starts it on a free port, with what is printed for these arguments. It ends after the test file at the latest.
   * @param {(text: string) => string} edit what a host's owner did to the file
   * @returns {Promise<string>} its origin
   */
  async start(args, { edit = (text) => text } = {}) {
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const folder = openFolder();
      const { run, env } = this.kind.place(
        folder,
        edit(recipe(this.name, [...args, "--listen", `127.0.0.1:${port}`])),
      );
      const log = openSync(`${folder}/output.log`, "a");
      const child = spawn(this.program, run, {
        env: { ...process.env, ...env },
        stdio: ["ignore", log, log],
        // A group of its own, to be ended as a whole.
        detached: true,
      });
      running.add(child);
      after(() => end(child));
      const waiting = new AbortController();
      const ended = once(child, "exit").then(() => "ended");
      const outcome = await Promise.race([ended, listens(port, waiting.signal)]);
      waiting.abort();
      if (outcome !== "ended") return `http://127.0.0.1:${port}`;
      const output = readFileSync(`${folder}/output.log`, "utf8");
      // Somebody else may have taken the port meanwhile.
      if (attempt === ATTEMPTS || !/in use|cannot bind/i.test(output)) {
        throw new Error(`${this.name} ended before it listened:\n${output}`);
      }
    }
  }
}
