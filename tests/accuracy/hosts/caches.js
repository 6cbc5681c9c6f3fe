// Servers that are made to keep answers: Varnish, Squid and Traffic Server.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { launch } from "../../support/programs.js";
import { debian, origin } from "./programs.js";

/** What Varnish's documentation says of WebSocket (Using Varnish as a WebSocket proxy). */
export const PIPE = `
sub vcl_recv { if (req.http.upgrade ~ "(?i)websocket") { return (pipe); } }
sub vcl_pipe {
  if (req.http.upgrade) {
    set bereq.http.upgrade = req.http.upgrade;
    set bereq.http.connection = req.http.connection;
  }
}`;

/** Starts Varnish before a port, with more VCL. */
export async function varnish(to, vcl = PIPE) {
  const port = await launch(debian("varnishd"), (folder, free) => {
    const config = `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${to}"; }\n${vcl}\n`;
    writeFileSync(`${folder}/dante.vcl`, config);
    const args = ["-F", "-j", "none", "-a", `127.0.0.1:${free}`, "-n", `${folder}/work`, "-s", "malloc,16m"];
    return { args: [...args, "-f", `${folder}/dante.vcl`] };
  });
  return origin(port);
}

/** The line with which Squid passes upgrades on; the name is compared with case. */
export const SQUID_UPGRADES = "http_upgrade_request_protocols websocket allow all";

/** Starts Squid before a port. */
export async function squid(to, lines = SQUID_UPGRADES) {
  const port = await launch(debian("squid"), (folder, free) => {
    const config = `
http_port 127.0.0.1:${free} accel defaultsite=127.0.0.1:${free}
cache_peer 127.0.0.1 parent ${to} 0 no-query originserver name=dante
http_access allow all
pid_filename ${folder}/squid.pid
cache_log ${folder}/cache.log
access_log none
cache_store_log none
coredump_dir ${folder}
pinger_enable off
visible_hostname squid.test
shutdown_lifetime 1 seconds
${lines}
`;
    writeFileSync(`${folder}/squid.conf`, config);
    // Processes with one service name share their memory (squid(8), -n), and one may take it from another that has just begun.
    return { args: ["-N", "-n", `dante${free}`, "-f", `${folder}/squid.conf`] };
  });
  return origin(port);
}

/** The lines with which Traffic Server passes on everything below a prefix, upgrades too. */
export const maps = (from, to, path = "/dante/") =>
  ["ws", "http"]
    .map((scheme) => `map ${scheme}://127.0.0.1:${from}/dante/ ${scheme}://127.0.0.1:${to}${path}`)
    .join("\n");

/**
 * Starts Traffic Server.
 * @param {(port: number) => string} remap the lines of remap.config
 * @param {{records?: string, cache?: string}} more lines of records.config, and of cache.config
 */
export async function trafficServer(remap, { records = "", cache = "" } = {}) {
  const port = await launch(debian("traffic_server"), (folder, free) => {
    const config = `${folder}/etc`;
    cpSync("/etc/trafficserver", config, { recursive: true });
    for (const name of ["run", "log", "cache"]) mkdirSync(`${folder}/${name}`, { mode: 0o777 });
    writeFileSync(`${config}/storage.config`, `${folder}/cache 16M\n`);
    writeFileSync(`${config}/remap.config`, `${remap(free)}\n`);
    if (cache) writeFileSync(`${config}/cache.config`, `${cache}\n`);
    const lines = `
CONFIG proxy.config.http.server_ports STRING ${free}:ip-in=127.0.0.1
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.url_remap.pristine_host_hdr INT 1
${records}
`;
    writeFileSync(`${config}/records.config`, readFileSync(`${config}/records.config`, "utf8") + lines);
    const env = {
      PROXY_CONFIG_CONFIG_DIR: config,
      PROXY_CONFIG_LOCAL_STATE_DIR: `${folder}/run`,
      PROXY_CONFIG_LOG_LOGFILE_DIR: `${folder}/log`,
    };
    return { args: [], env };
  });
  return origin(port);
}
