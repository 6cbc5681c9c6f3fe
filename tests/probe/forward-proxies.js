// Real proxies for the way out.

import { writeFileSync } from "node:fs";

import { find, launch } from "../support/programs.js";

/**
 * Squid as a proxy for everybody.
 * @param {string} lines what stands before that
 * @param {{tls?: string}} options `tls` is the path of a certificate and its key, without their endings: then TLS is spoken to it
 * @returns {Promise<string>} its URL
 */
export async function squid(lines = "", { tls } = {}) {
  const listens = tls ? `https_port PLACE tls-cert=${tls}.pem tls-key=${tls}.key` : "http_port PLACE";
  const port = await launch(find("squid"), (place, free) => {
    const config = `
${listens.replace("PLACE", `127.0.0.1:${free}`)}
${lines}
http_access allow all
pid_filename ${place}/squid.pid
cache_log ${place}/cache.log
access_log none
cache_store_log none
cache deny all
coredump_dir ${place}
pinger_enable off
visible_hostname squid.test
shutdown_lifetime 1 seconds
`;
    writeFileSync(`${place}/squid.conf`, config);
    // Processes with one service name share their memory (squid(8), -n), and one may take it from another that has just begun.
    return { args: ["-N", "-n", `dante${free}`, "-f", `${place}/squid.conf`] };
  });
  return `${tls ? "https" : "http"}://127.0.0.1:${port}`;
}

/** tinyproxy, with these lines; gives its host and port. */
export async function tinyproxy(lines = "") {
  const port = await launch(find("tinyproxy"), (place, free) => {
    const config = `Port ${free}\nListen 127.0.0.1\nTimeout 600\nMaxClients 100\n${lines}\n`;
    writeFileSync(`${place}/tinyproxy.conf`, config);
    return { args: ["-d", "-c", `${place}/tinyproxy.conf`] };
  });
  return `127.0.0.1:${port}`;
}
