// The way to the page: names, addresses, certificates, redirects, and peers that are no web servers.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import tls from "node:tls";
import { Worker } from "node:worker_threads";

import { startDante, temporaryFolder } from "../support/dante.js";
import { PACE, expectProbe, listen, startPeer, together } from "./support.js";

const dante = await startDante([...PACE]);

/** A port where nobody listens. */
async function closedPort() {
  const server = net.createServer();
  const port = await listen(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** An address that drops every attempt to connect, as a firewall does: its queue is full, and nobody accepts. */
async function startDeaf(host, port) {
  const script = `
    const server = require("node:net").createServer().listen({ port: ${port}, host: "${host}", backlog: 1 }, () => {
      require("node:worker_threads").parentPort.postMessage("");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(script, { eval: true });
  after(() => worker.terminate());
  await once(worker, "message");
  for (let queued = 0; queued < 4; queued += 1) {
    const socket = net.connect(port, host).on("error", () => {});
    after(() => socket.destroy());
    // Those beyond the queue never connect.
    await Promise.race([once(socket, "connect"), delay(200)]);
  }
}

const folder = temporaryFolder();
const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
/** So that a certificate can be of any time: `openssl x509` knows only days from now. */
const CA = `
[ca]
default_ca = it
[it]
new_certs_dir = .
database = index.txt
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied`;
writeFileSync(path.join(folder, "ca.conf"), CA);
writeFileSync(path.join(folder, "index.txt"), "");

/** A time as openssl writes it, so many days from now. */
const day = (days) => `${new Date(Date.now() + days * 864e5).toISOString().replace(/[-:T]|\.\d+/g, "")}`;

/** A key with a certificate for a name, self-signed or signed by our authority. */
function certificate(name, { from = -1, until = 60, by } = {}) {
  const file = `${name}${from}${until}${by ?? ""}`;
  const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", `${file}.key`, "-subj", `/CN=${name}`];
  openssl("req", "-new", ...made, "-addext", `subjectAltName=DNS:${name}`, "-out", `${file}.csr`);
  const times = ["-startdate", day(from), "-enddate", day(until)];
  const signer = by
    ? ["-cert", `${by}.pem`, "-keyfile", `${by}.key`]
    : ["-selfsign", "-keyfile", `${file}.key`];
  openssl(
    ...["ca", "-batch", "-notext", "-config", "ca.conf", ...times, ...signer],
    ...["-in", `${file}.csr`, "-out", `${file}.pem`],
  );
  return Object.fromEntries(
    [
      ["key", "key"],
      ["cert", "pem"],
    ].map(([field, ending]) => [field, readFileSync(path.join(folder, `${file}.${ending}`))]),
  );
}

openssl(
  ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem"],
  ...["-subj", "/CN=authority", "-days", "30", "-addext", "keyUsage=keyCertSign"],
);
const NAME = "dante.test";
/** For a system whose only root is that authority. */
const TRUSTING = { SSL_CERT_FILE: path.join(folder, "ca.pem") };

/** TLS before the Dante. Gives what to probe and where it is. */
async function startTls(options) {
  const server = tls.createServer(options, (client) => {
    const upstream = net.connect(dante.port, "127.0.0.1");
    upstream.on("error", () => client.destroy());
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  const port = await listen(server);
  return [`https://${NAME}:${port}/`, "--resolve", `${NAME}:${port}:127.0.0.1`];
}

/** Probes TLS that is wrong in one way, then again with `--insecure`, which goes on. */
async function expectTls(options, ids, env = {}) {
  const [url, ...args] = await startTls(options);
  const verdicts = (severity) => ids.map((id) => `${severity} ${id} at tls`);
  await expectProbe(url, { args, env, verdicts: verdicts("broken"), last: "tls" });
  const onward = [...args, "--insecure", "--transports", "websocket"];
  await expectProbe(url, { args: onward, env, verdicts: verdicts("note") });
}

together("the way there", {
  async "a name that is not known"() {
    await expectProbe("http://dante.invalid/", { verdicts: ["broken name-unknown at name"], last: "name" });
  },
  async "a port where nobody listens"() {
    const url = `http://127.0.0.1:${await closedPort()}/`;
    await expectProbe(url, { verdicts: ["broken not-listening at tcp"], last: "tcp" });
  },
  async "an address to which no way leads"() {
    // TCP knows no groups (RFC 1112), and so this needs no network.
    const args = ["--resolve", "dante.test:81:224.0.0.1"];
    const verdicts = ["broken unreachable at tcp"];
    await expectProbe("http://dante.test:81/", { args, verdicts, last: "tcp" });
  },
  async "two addresses, and a firewall before the first"() {
    await startDeaf("127.0.0.2", dante.port);
    const resolve = ["127.0.0.2", "127.0.0.1"].flatMap((address) => [
      "--resolve",
      `${NAME}:${dante.port}:${address}`,
    ]);
    await expectProbe(`http://${NAME}:${dante.port}/`, {
      args: resolve,
      verdicts: ["note address-dead at tcp"],
    });
  },
  async "a black hole"() {
    const url = await startPeer(() => {});
    await expectProbe(url, {
      args: ["--timeout", "2s"],
      verdicts: ["broken black-hole at http, or guest-not-started"],
      last: "http",
    });
    await expectProbe(url.replace("http:", "https:"), {
      args: ["--timeout", "2s", "--insecure"],
      verdicts: ["broken black-hole at tls"],
      last: "tls",
    });
  },
  async "one that hangs up"() {
    const url = await startPeer((socket) => socket.once("data", () => socket.end()));
    await expectProbe(url, { verdicts: ["broken no-answer at http"], last: "http" });
  },
  async "no web server at all"() {
    const url = await startPeer((socket) => socket.write("220 mail.example ESMTP\r\n"));
    await expectProbe(url, { args: ["--timeout", "3s"], verdicts: ["broken garbage at http"], last: "http" });
  },
  async "a page that takes its time"() {
    const url = await startPeer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<!doctype html>");
      });
    });
    await expectProbe(url, {
      args: ["--timeout", "2s"],
      verdicts: ["broken slow-answer at http"],
      last: "page",
    });
  },
  async "redirects on and on"() {
    let at = 0;
    const server = http.createServer((_request, response) => {
      at += 1;
      response.writeHead(302, { location: `/${at}` }).end();
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    await expectProbe(url, { verdicts: ["broken redirect-loop at page"], last: "page" });
  },
  async "redirects to another port, where Dante is"() {
    const server = http.createServer((_request, response) => {
      response.writeHead(308, { location: `${dante.origin}/` }).end();
    });
    await expectProbe(`http://127.0.0.1:${await listen(server)}/`);
  },
});

together("TLS", {
  async "a certificate that signed itself"() {
    await expectTls(certificate(NAME), ["tls-self-signed"]);
  },
  async "a certificate that signed itself and has expired"() {
    await expectTls(certificate(NAME, { from: -9, until: -2 }), ["tls-self-signed", "tls-expired"]);
  },
  async "a certificate for another name"() {
    await expectTls(certificate("other.test"), ["tls-self-signed", "tls-wrong-name"]);
  },
  async "a private authority's"() {
    await expectTls(certificate(NAME, { by: "ca" }), ["tls-untrusted"]);
  },
  async "a trusted authority's"() {
    const [url, ...args] = await startTls(certificate(NAME, { by: "ca" }));
    await expectProbe(url, { args, env: TRUSTING });
  },
  async "a trusted authority's, to be renewed"() {
    const [url, ...args] = await startTls(certificate(NAME, { by: "ca", until: 3 }));
    await expectProbe(url, { args, env: TRUSTING, verdicts: ["note tls-expires-soon at tls"] });
  },
  async "a trusted authority's, expired"() {
    await expectTls(certificate(NAME, { by: "ca", from: -9, until: -2 }), ["tls-expired"], TRUSTING);
  },
  async "a trusted authority's, not valid yet"() {
    await expectTls(certificate(NAME, { by: "ca", from: 2, until: 9 }), ["tls-expired"], TRUSTING);
  },
  async "a trusted authority's, for another name"() {
    await expectTls(certificate("other.test", { by: "ca" }), ["tls-wrong-name"], TRUSTING);
  },
  async "TLS 1.1"() {
    const [url, ...args] = await startTls({
      ...certificate(NAME, { until: 61 }),
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "ALL@SECLEVEL=0",
    });
    await expectProbe(url, { args, verdicts: ["broken tls-other at tls"], last: "tls" });
  },
  async "plain HTTP where TLS is spoken"() {
    const [url, ...args] = await startTls(certificate(NAME, { until: 62 }));
    await expectProbe(url.replace("https:", "http:"), {
      args,
      verdicts: ["broken plain-to-tls at http"],
      last: "http",
    });
  },
  async "TLS where plain HTTP is spoken"() {
    await expectProbe(dante.origin.replace("http:", "https:"), {
      verdicts: ["broken tls-to-plain at tls"],
      last: "tls",
    });
  },
});
