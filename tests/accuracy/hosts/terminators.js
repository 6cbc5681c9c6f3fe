// Programs that pass bytes on or end TLS, and the two small proxies h2o and nghttpx.

import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { launch } from "../../support/programs.js";
import { BUNDLE, CHAIN, KEY_FILE } from "./tls.js";
import { debian, origin } from "./programs.js";

/** Starts socat; `listen` are more options of the address where it listens. */
export async function socat(to, { listen = ",fork", ...options } = {}) {
  const port = await launch(
    debian("socat"),
    (_folder, free) => ({
      args: [`TCP-LISTEN:${free},bind=127.0.0.1,reuseaddr${listen}`, `TCP:127.0.0.1:${to}`],
    }),
    options,
  );
  return origin(port);
}

/** socat that ends TLS. */
export async function socatTls(to) {
  const listen = `bind=127.0.0.1,fork,reuseaddr,cert=${BUNDLE},verify=0`;
  const port = await launch(debian("socat"), (_folder, free) => ({
    args: [`OPENSSL-LISTEN:${free},${listen}`, `TCP:127.0.0.1:${to}`],
  }));
  return origin(port, "https");
}

export async function redir(to) {
  return origin(
    await launch(debian("redir"), (_folder, port) => ({
      args: ["-n", `127.0.0.1:${port}`, `127.0.0.1:${to}`],
    })),
  );
}

/** Starts pen before ports; it takes turns among them if it is told to with -r. */
export async function pen(to, args = []) {
  return origin(
    await launch(debian("pen"), (_folder, port) => ({
      args: ["-f", ...args, `127.0.0.1:${port}`, ...to.map((one) => `127.0.0.1:${one}`)],
    })),
  );
}

export async function systemdSocketProxyd(to) {
  const proxyd = debian("/lib/systemd/systemd-socket-proxyd");
  return origin(
    await launch(debian("systemd-socket-activate"), (_folder, port) => ({
      args: ["-l", `127.0.0.1:${port}`, proxyd, `127.0.0.1:${to}`],
    })),
  );
}

/** Starts stunnel; `bundle` has certificate, chain and key. */
export async function stunnel(to, bundle = BUNDLE) {
  const port = await launch(debian("stunnel4"), (folder, free) => {
    const config = `foreground = yes
pid =
[dante]
accept = 127.0.0.1:${free}
connect = 127.0.0.1:${to}
cert = ${bundle}
`;
    writeFileSync(`${folder}/stunnel.conf`, config);
    return { args: [`${folder}/stunnel.conf`] };
  });
  return origin(port, "https");
}

/** Starts hitch, which may write a PROXY header. */
export async function hitch(to, lines = "") {
  const port = await launch(debian("hitch"), (folder, free) => {
    const config = `frontend = "[127.0.0.1]:${free}"\nbackend = "[127.0.0.1]:${to}"\npem-file = "${BUNDLE}"\nworkers = 1\n${process.getuid() === 0 ? 'user = "_hitch"\n' : ""}${lines}\n`;
    writeFileSync(`${folder}/hitch.conf`, config);
    return { args: ["--config", `${folder}/hitch.conf`] };
  });
  return origin(port, "https");
}

/** Starts h2o; `proxied` are more lines of its path. */
export async function h2o(url, { proxied = "proxy.websocket: ON", tls = false } = {}) {
  const port = await launch(debian("h2o"), (folder, free) => {
    const ssl = `
  ssl:
    certificate-file: ${CHAIN}
    key-file: ${KEY_FILE}`;
    const config = `${process.getuid() === 0 ? "user: nobody\n" : ""}num-threads: 1
listen:
  host: 127.0.0.1
  port: ${free}${tls ? ssl : ""}
hosts:
  default:
    paths:
      /dante/:
        proxy.reverse.url: ${url}
        proxy.preserve-host: ON
        ${proxied}
`;
    writeFileSync(`${folder}/h2o.conf`, config);
    return { args: ["-c", `${folder}/h2o.conf`] };
  });
  return origin(port, tls ? "https" : "http");
}

/** Starts nghttpx. */
export async function nghttpx(to, { tls = false, proto = "http/1.1" } = {}) {
  const port = await launch(debian("nghttpx"), (folder, free) => ({
    args: [
      "--conf=/dev/null",
      `--frontend=127.0.0.1,${free}${tls ? "" : ";no-tls"}`,
      `--backend=127.0.0.1,${to};/;proto=${proto}`,
      `--errorlog-file=${folder}/error.log`,
      ...(tls ? [KEY_FILE, CHAIN] : []),
    ],
  }));
  return origin(port, tls ? "https" : "http");
}

/** Waits until somebody listens, without connecting: for what serves one connection only (proc(5), /proc/net/tcp). */
export async function listensQuietly(port, signal) {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = new RegExp(`^ *\\d+: ${address} \\S+ 0A `, "m");
  while (!signal.aborted && !listening.test(readFileSync("/proc/net/tcp", "utf8"))) await delay(20);
}
