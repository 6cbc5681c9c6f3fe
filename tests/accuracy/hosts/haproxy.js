// HAProxy.

import { writeFileSync } from "node:fs";

import { launch } from "../../support/programs.js";
import { debian, origin } from "./programs.js";

/**
 * Starts HAProxy.
 * @param {string} backend its lines
 * @param {{frontend?: string, bind?: string, sections?: string}} more lines elsewhere; `bind` is added to the line of that name
 * @returns {Promise<string>} its origin
 */
export async function haproxy(backend, { frontend = "", bind = "", sections = "" } = {}) {
  const port = await launch(debian("haproxy"), (folder, free) => {
    const config = `
global
  maxconn 200
  tune.ssl.default-dh-param 2048
defaults
  mode http
  timeout connect 2s
  timeout client 50s
  timeout server 50s
  timeout tunnel 1h
${sections}
frontend front
  bind 127.0.0.1:${free} ${bind}
  ${frontend}
  default_backend back
backend back
  ${backend}
`;
    writeFileSync(`${folder}/haproxy.cfg`, config.replaceAll("FOLDER", folder));
    return { args: ["-db", "-f", `${folder}/haproxy.cfg`] };
  });
  return origin(port, bind.includes("ssl") ? "https" : "http");
}
