// The watch: what changes while streams are kept open: real proxies that load their configuration again, a Dante that goes and
// comes back, another certificate, a proxy that goes away.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { setTimeout as delay } from "node:timers/promises";

import { debian, wheel } from "../accuracy/hosts/programs.js";
import { startDante } from "../support/dante.js";
import { freePort, launch } from "../support/programs.js";
import { NAME, TRUSTING, certificate } from "./certificates.js";
import { PACE, listen, together } from "./support.js";
import { changes, watch as watchAll } from "./watching.js";

const dante = await startDante([...PACE]);
const STREAMS = ["--transports", "websocket,sse"];
const LOOK_MS = 50;

/** Watches the streams that a test is about. */
const watch = (url, args = [], env = {}) => watchAll(url, [...STREAMS, ...args], env);

/** Which pids a program has written, as soon as it has. */
const pidOf = (file) => Number(readFileSync(file, "utf8"));

/** A page through a host, once this node answers. */
async function answers(origin, wanted) {
  for (;;) {
    const answer = await fetch(`${origin}/hosting.json`).catch(() => undefined);
    const text = await answer?.text();
    if (answer?.ok && JSON.parse(text).node === wanted) return;
    await delay(LOOK_MS);
  }
}

const nodeOf = async ({ origin }) => (await (await fetch(`${origin}/hosting.json`)).json()).node;

const NGINX = (folder, port, to) => `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; events {}
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  map $http_upgrade $upgrade { default upgrade; "" ""; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${to};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $upgrade;
      proxy_buffering off;
    }
  }
}`;

together("a host that is loaded again", {
  "nginx keeps the streams that are open, and sends new requests to another Dante": async () => {
    let place;
    const port = await launch(debian("nginx"), (folder, free) => {
      place = folder;
      writeFileSync(`${folder}/nginx.conf`, NGINX(folder, free, dante.port));
      return { args: ["-e", "stderr", "-c", `${folder}/nginx.conf`] };
    });
    const other = await startDante([...PACE]);
    const watching = await watch(`http://127.0.0.1:${port}/`);
    assert.deepEqual(watching.begun.streams, ["plain websocket", "sse"]);
    writeFileSync(`${place}/nginx.conf`, NGINX(place, port, other.port));
    process.kill(pidOf(`${place}/nginx.pid`), "SIGHUP");
    const node = await watching.change("node");
    assert.deepEqual([node.before, node.now], [await nodeOf(dante), await nodeOf(other)]);
    const summary = await watching.end();
    assert.deepEqual([changes(watching), summary.cuts, summary.outcome], [["node"], 0, "good"]);
    assert.ok(summary.streams.every(({ openShare }) => openShare === 1));
  },
  "Caddy cuts WebSockets, and keeps or cuts event streams": async () => {
    const admin = await freePort();
    const config = (to, port) => ({
      admin: { listen: `127.0.0.1:${admin}` },
      apps: {
        http: {
          grace_period: "1s",
          servers: {
            one: {
              listen: [`127.0.0.1:${port}`],
              automatic_https: { disable: true },
              routes: [{ handle: [{ handler: "reverse_proxy", upstreams: [{ dial: `127.0.0.1:${to}` }] }] }],
            },
          },
        },
      },
    });
    const port = await launch(debian("caddy"), (folder, free) => {
      writeFileSync(`${folder}/caddy.json`, JSON.stringify(config(dante.port, free)));
      return {
        args: ["run", "--config", `${folder}/caddy.json`],
        env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      };
    });
    const other = await startDante([...PACE]);
    const watching = await watch(`http://127.0.0.1:${port}/`);
    const loaded = await fetch(`http://127.0.0.1:${admin}/load`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(config(other.port, port)),
    });
    assert.ok(loaded.ok, await loaded.text());
    const cut = await watching.change("cut");
    assert.ok(cut.streams.includes("plain websocket"), JSON.stringify(cut));
    const back = await watching.change("back");
    assert.ok(back.afterMs > 0 && back.afterMs < 60_000);
    await watching.change("node");
    const summary = await watching.end();
    assert.ok(summary.cuts > 0 && summary.longestGapMs > 0);
    assert.equal(summary.outcome, "degraded");
  },
  "Traefik keeps the streams that are open": async () => {
    const dynamic = (to) =>
      JSON.stringify({
        http: {
          routers: { dante: { rule: "PathPrefix(`/`)", service: "dante", entryPoints: ["front"] } },
          services: { dante: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${to}` }] } } },
        },
      });
    let place;
    const port = await launch(wheel("traefik"), (folder, free) => {
      place = folder;
      writeFileSync(`${folder}/dynamic.yml`, dynamic(dante.port));
      return {
        args: [
          `--entrypoints.front.address=127.0.0.1:${free}`,
          "--log.level=ERROR",
          `--providers.file.filename=${folder}/dynamic.yml`,
        ],
      };
    });
    const origin = `http://127.0.0.1:${port}`;
    await answers(origin, await nodeOf(dante));
    const other = await startDante([...PACE]);
    const watching = await watch(`${origin}/`);
    writeFileSync(`${place}/dynamic.yml`, dynamic(other.port));
    const node = await watching.change("node");
    assert.equal(node.now, await nodeOf(other));
    const summary = await watching.end();
    assert.deepEqual([changes(watching), summary.cuts], [["node"], 0]);
  },
});

together("what goes and comes", {
  "a Dante that is stopped and started": async () => {
    const first = await startDante([...PACE]);
    const watching = await watch(`${first.origin}/`);
    await first.end();
    const cut = await watching.change("cut");
    assert.deepEqual(cut.severity, "degraded");
    const gone = await watching.change("status");
    assert.deepEqual([gone.severity, gone.before], ["broken", "200"]);
    assert.match(gone.now, /refused/);
    await startDante([...PACE], { port: first.port });
    await watching.until(({ change, now }) => change === "status" && now === "200");
    const back = await watching.change("back");
    assert.match(back.text, /meanwhile: .*refused/);
    await watching.change("node");
    const summary = await watching.end();
    assert.equal(summary.cuts, 2);
    assert.equal(summary.outcome, "broken");
  },
  "a certificate that is replaced": async () => {
    const { key, cert } = certificate(NAME, { by: "ca" });
    const server = tls.createServer({ key, cert }, (client) => {
      const upstream = net.connect(dante.port, "127.0.0.1");
      upstream.on("error", () => client.destroy());
      client.once("close", () => upstream.destroy());
      upstream.once("close", () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    const port = await listen(server);
    const resolved = ["--resolve", `${NAME}:${port}:127.0.0.1`];
    const watching = await watch(`https://${NAME}:${port}/`, resolved, TRUSTING);
    const next = certificate(NAME, { by: "ca", until: 50 });
    server.setSecureContext({ key: next.key, cert: next.cert });
    const replaced = await watching.change("certificate");
    assert.match(replaced.now, new RegExp(`CN=${NAME}, issued by CN=authority`));
    assert.notEqual(replaced.now, replaced.before);
    const summary = await watching.end();
    assert.deepEqual([changes(watching), summary.outcome], [["certificate"], "good"]);
  },
  "a proxy that goes away": async () => {
    const sockets = new Set();
    const proxy = net.createServer((client) => {
      sockets.add(client);
      client.on("error", () => client.destroy());
      client.once("data", (head) => {
        const target = String(head).match(/^CONNECT 127\.0\.0\.1:(\d+) /);
        const upstream = net.connect(Number(target?.[1] ?? dante.port), "127.0.0.1");
        upstream.on("error", () => client.destroy());
        client.once("close", () => upstream.destroy());
        if (target) client.write("HTTP/1.1 200 OK\r\n\r\n");
        else upstream.write(head);
        client.pipe(upstream).pipe(client);
      });
    });
    const port = await listen(proxy);
    const args = ["--proxy", `http://127.0.0.1:${port}`];
    const watching = await watch(`${dante.origin}/`, args, { NO_PROXY: "" });
    proxy.close();
    for (const socket of sockets) socket.resetAndDestroy();
    const cut = await watching.change("cut");
    assert.deepEqual(cut.streams.toSorted(), ["plain websocket", "sse"]);
    assert.match((await watching.change("status")).now, /refused/);
    const summary = await watching.end();
    assert.deepEqual([summary.cuts, summary.outcome], [2, "broken"]);
    assert.ok(summary.streams.every(({ open }) => !open));
  },
});
