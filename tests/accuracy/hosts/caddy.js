// Caddy: Debian's 2.6, and the newest as a wheel.

import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import tls from "node:tls";

import { launch } from "../../support/programs.js";
import { debian, origin, wheel } from "./programs.js";

/** Waits until Caddy has issued itself a certificate, which it does after it listens. */
async function shakesHands(port, signal) {
  while (!signal.aborted) {
    const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    const done = await new Promise((resolve) => {
      socket.once("secureConnect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (done) return;
    await delay(50);
  }
}

/**
 * Starts Caddy.
 * @param {string} site the lines of its site
 * @param {{newest?: boolean, options?: string, scheme?: string}} more `options` are global ones; `host` is empty for any name; `authority` is told
 *   where the certificate of Caddy's own authority will be
 * @returns {Promise<string>} its origin
 */
export async function caddy(
  site,
  { newest = false, options = "", scheme = "http", host = "127.0.0.1", authority } = {},
) {
  const port = await launch(
    newest ? wheel("caddy") : debian("caddy"),
    (folder, free) => {
      const config = `{
  admin off
  skip_install_trust
  auto_https disable_redirects
  ${options}
}
${scheme}://${host}:${free} {
  ${site}
}
`;
      writeFileSync(`${folder}/Caddyfile`, config);
      authority?.(`${folder}/caddy/pki/authorities/local/root.crt`);
      return {
        args: ["run", "--adapter", "caddyfile", "--config", `${folder}/Caddyfile`],
        env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      };
    },
    site.includes("tls internal") ? { ready: shakesHands } : {},
  );
  return origin(port, scheme);
}
