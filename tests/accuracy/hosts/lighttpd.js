// lighttpd.

import { writeFileSync } from "node:fs";

import { launch } from "../../support/programs.js";
import { debian, origin } from "./programs.js";

/** What its documentation says of WebSocket (mod_proxy, proxy.header) and of streams (server.stream-response-body). */
export const UPGRADES = 'proxy.header = ("upgrade" => "enable")';
export const STREAMS = "server.stream-response-body = 2";

/** The lines that pass everything below a prefix to a port. */
export const pass = (port, more = UPGRADES) => `
$HTTP["url"] =~ "^/dante(/|$)" {
  proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${port})))
  ${more}
}`;

/**
 * Starts lighttpd.
 * @param {string} body its lines
 * @param {{modules?: string[]}} more modules besides mod_proxy
 * @returns {Promise<string>} its origin
 */
export async function lighttpd(body, { modules = [] } = {}) {
  const port = await launch(debian("lighttpd"), (folder, free) => {
    const config = `
server.document-root = "${folder}"
server.port = ${free}
server.bind = "127.0.0.1"
server.errorlog = "${folder}/error.log"
server.modules = (${["mod_proxy", ...modules].map((name) => `"${name}"`).join(", ")})
${body}
`;
    writeFileSync(`${folder}/lighttpd.conf`, config);
    return { args: ["-D", "-f", `${folder}/lighttpd.conf`] };
  });
  return origin(port, body.includes("ssl.engine") ? "https" : "http");
}
