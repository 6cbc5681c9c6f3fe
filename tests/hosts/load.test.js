// dante load through a host that speaks TLS, and finds a session's node by a cookie.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { certificate, folder as certificates } from "../probe/certificates.js";
import { BINARY, startDante } from "../support/dante.js";
import { find, launch } from "../support/programs.js";

const run = promisify(execFile);

/** Names that are this machine: `dante load` goes nowhere else. */
const { file, cert, key } = certificate("localhost", { by: "ca" });
const TRUSTING = { SSL_CERT_FILE: path.join(certificates, "ca.pem") };

/** HAProxy before these nodes, for each request the next one, unless a cookie names one. */
async function startHost(ports, cookie) {
  writeFileSync(`${file}.both`, Buffer.concat([cert, key]));
  const servers = ports.map(
    (port, index) => `server node${index} 127.0.0.1:${port} ${cookie ? `cookie node${index}` : ""}`,
  );
  const port = await launch(find("haproxy"), (folder, free) => {
    const config = `
global
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  timeout tunnel 1m
frontend tls
  bind 127.0.0.1:${free} ssl crt ${file}.both
  default_backend nodes
backend nodes
  balance roundrobin
  ${cookie}
  ${servers.join("\n  ")}
`;
    writeFileSync(`${folder}/haproxy.cfg`, config);
    return { args: ["-db", "-f", `${folder}/haproxy.cfg`] };
  });
  return `https://localhost:${port}/`;
}

/** The report of a load of four readers on each transport; or what it says on standard error, where there is none. */
async function load(url, args = [], env = TRUSTING) {
  const command = ["load", url, "--json", "--readers", "16", "--ramp", "200", "--duration", "2s", ...args];
  const { stdout, stderr } = await run(BINARY, command, {
    env: { ...process.env, ...env },
  }).catch((error) => error);
  return stdout === "" ? stderr : JSON.parse(stdout.trim().split("\n").at(-1));
}

const nodes = await Promise.all([startDante(["--interval", "200ms"]), startDante(["--interval", "200ms"])]);
const ports = nodes.map(({ port }) => port);

test("every transport, on the node that the cookie names", async () => {
  const report = await load(await startHost(ports, "cookie NODE insert indirect nocache httponly secure"), [
    "--transport",
    "mix",
  ]);
  assert.deepEqual(
    [report.joined, report.lost, report.repeated, report.cuts, report.ok],
    [16, 0, 0, 0, true],
  );
});

test("without the cookie, long polling meets nodes that do not know it", async () => {
  const report = await load(await startHost(ports, ""), ["--transport", "polling"]);
  assert.match(`${report}`, /^dante: no reader can join at https:\S+: HTTP 400 /);
});

test("a certificate that nobody vouches for", async () => {
  const url = await startHost(ports, "");
  const untrusted = {
    SSL_CERT_FILE: path.join(certificates, "none.pem"),
    SSL_CERT_DIR: "/nowhere",
  };
  writeFileSync(untrusted.SSL_CERT_FILE, readFileSync(`${certificate("other.test").file}.pem`));
  const refusal = await load(url, [], untrusted);
  assert.match(`${refusal}`, /UnknownIssuer; .*SSL_CERT_FILE, or add --insecure\n$/);
  const report = await load(url, ["--insecure"], untrusted);
  assert.deepEqual([report.joined, report.ok], [16, true]);
});

test("the wrong scheme", async () => {
  const refusal = await load(`https://localhost:${ports[0]}/`);
  assert.match(`${refusal}`, /not TLS .*; check the port, or write http\n$/);
});
