// Starts real proxies on loopback with what `dante hosting` prints, and nothing around it but what such a file is
// included from on Debian. What surrounds it is no friendlier to streams than Debian's own files.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { BINARY } from "./dante.js";
import { find, launch, openFolder } from "./programs.js";

const CACHE = path.join(process.env.XDG_CACHE_HOME ?? `${process.env.HOME}/.cache`, "dante");
const IS_ROOT = process.getuid() === 0;
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
  traefik: {
    // From PyPI, as for the suite `accuracy`.
    program: path.join(CACHE, "accuracy/bin/traefik"),
    package: "the suite accuracy's (tests/setup accuracy)",
    version: ["version"],
    place(folder, text) {
      writeFileSync(`${folder}/dante.yml`, text);
      // What the file says to start it with.
      const [, words] = text.match(/^# {3}traefik (.*)$/m);
      const file = `--providers.file.filename=${folder}/dante.yml`;
      const run = words.split(" ").map((word) => (word.startsWith("--providers.") ? file : word));
      return { run: [...run, "--log.level=ERROR"] };
    },
  },
};

/** A file's path, if it is there. */
const existing = (file) => (existsSync(file) ? file : undefined);

/** What `dante hosting` prints. */
export function recipe(name, args) {
  return execFileSync(BINARY, ["hosting", name, ...args], { encoding: "utf8" });
}

/** A proxy as it is installed here. */
export class Proxy {
  /** @param {"nginx" | "apache" | "caddy" | "haproxy" | "traefik"} name the one of its recipe */
  constructor(name) {
    this.name = name;
    this.kind = PROXIES[name];
    const program = this.kind.program ?? name;
    this.program = path.isAbsolute(program) ? existing(program) : find(program);
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
    const port = await launch(this.program, (folder, free) => {
      const text = recipe(this.name, [...args, "--listen", `127.0.0.1:${free}`]);
      const { run, env } = this.kind.place(folder, edit(text));
      return { args: run, env };
    });
    return `http://127.0.0.1:${port}`;
  }
}
