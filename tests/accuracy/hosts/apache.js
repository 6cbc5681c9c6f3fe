// Apache httpd.

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";

import { launch } from "../../support/programs.js";
import { CHAIN, KEY_FILE } from "./tls.js";
import { debian, origin } from "./programs.js";

const MODULES = "/usr/lib/apache2/modules";
const ALWAYS = ["authz_core", "proxy", "proxy_http"];
const ACCOUNT = process.getuid() === 0 ? "User www-data\nGroup www-data" : "";

/** The line that passes on everything, upgrades too (Apache 2.4.47 on). */
export const pass = (port, path = "/dante/") =>
  `ProxyPass ${path} http://127.0.0.1:${port}${path} upgrade=websocket\nProxyPassReverse ${path} http://127.0.0.1:${port}${path}`;

export const TLS = `SSLEngine on\nSSLCertificateFile ${CHAIN}\nSSLCertificateKeyFile ${KEY_FILE}`;

/**
 * Starts Apache.
 * @param {string} body its lines
 * @param {{modules?: string[], mpm?: string, files?: object, folders?: string[]}} more modules besides those that a proxy needs; lines for the
 *   event MPM; texts of files in FOLDER, and folders there that it may write to
 * @returns {Promise<string>} its origin
 */
export async function apache(body, { modules = [], mpm = "", files = {}, folders = [] } = {}) {
  const port = await launch(debian("apache2"), (folder, free) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
    for (const name of folders) {
      mkdirSync(`${folder}/${name}`);
      chmodSync(`${folder}/${name}`, 0o777);
    }
    const config = `
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
ServerName localhost
${ACCOUNT}
${["mpm_event", ...ALWAYS, ...modules].map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${mpm}
Listen 127.0.0.1:${free}
${body}
`;
    writeFileSync(`${folder}/apache2.conf`, config.replaceAll("FOLDER", folder));
    return { args: ["-f", `${folder}/apache2.conf`, "-D", "FOREGROUND"] };
  });
  return origin(port, body.includes("SSLEngine on") ? "https" : "http");
}
