// `--http 2` where HTTP/2 is not spoken: what proves that, and what does not.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import http from "node:http";

import { startDante } from "../support/dante.js";
import { find, launch } from "../support/programs.js";
import { NAME, TRUSTING, certificate } from "./certificates.js";
import { describeVerdict, expectProbe, listen, probe, startPeer, together } from "./support.js";

const MISSING = ["broken http2-missing at http"];
const HTTP_2 = ["--http", "2"];

/** nginx with one page; this stands at `listen`. */
async function nginx(more) {
  const { file } = certificate(NAME, { by: "ca" });
  return await launch(find("nginx"), (place, port) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const main = `
      daemon off;
      pid ${place}/nginx.pid;
      events {}
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${place}/${name};`).join(" ")}
        server {
          listen 127.0.0.1:${port} ${more};
          ssl_certificate ${file}.pem;
          ssl_certificate_key ${file}.key;
          location / { return 200 "a page"; }
        }
      }`;
    writeFileSync(`${place}/nginx.conf`, main);
    return { args: ["-e", "stderr", "-c", `${place}/nginx.conf`] };
  });
}

/** Probes over HTTP/2 alone, and expects that this is as far as it gets. */
async function expectOver(url, verdicts, { args = [], ...more } = {}) {
  return await expectProbe(url, { args: [...HTTP_2, ...args], verdicts, last: "http", ...more });
}

together("HTTP/2 alone is wanted, and not spoken", {
  async "nginx with TLS, which does not choose it"() {
    const port = await nginx("ssl");
    const args = ["--resolve", `${NAME}:${port}:127.0.0.1`];
    await expectOver(`https://${NAME}:${port}/`, MISSING, { args, env: TRUSTING, host: "nginx" });
  },
  async "nginx without TLS, which answers the greeting over HTTP/1.1"() {
    await expectOver(`http://127.0.0.1:${await nginx("")}/`, MISSING, { host: "nginx" });
  },
  async "Node.js, for a page and for streams"() {
    const url = `http://127.0.0.1:${await listen(http.createServer((_ask, answer) => answer.end()))}/`;
    await expectOver(url, MISSING, { host: "nodejs" });
    for (const kind of ["--sse", "--ws"]) {
      const { verdicts } = await probe(url, [...HTTP_2, kind]);
      assert.deepEqual(verdicts.map(describeVerdict), MISSING, kind);
    }
  },
  async "Dante itself"() {
    const dante = await startDante();
    await expectOver(`${dante.origin}/`, MISSING);
  },
  async "a port of TLS, without which HTTP/2 is wanted: that is the fault"() {
    await expectOver(`http://127.0.0.1:${await nginx("ssl http2")}/`, ["broken plain-to-tls at http"]);
  },
  async "one that closes without a word, which proves nothing"() {
    const peer = await startPeer((socket) => socket.once("data", () => socket.end()));
    await expectOver(`${peer}/`, ["broken no-answer at http, or http2-missing"]);
  },
  async "one that speaks something else"() {
    const peer = await startPeer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    await expectOver(`${peer}/`, ["broken garbage at http"]);
  },
});
