// A real Prometheus scrapes two Dantes while readers of all transports read, and its answers are right; so are the dashboard's questions.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { readSocketIo, readSse, readWebSocket } from "../js/support.js";
import { poemFile, startDante } from "../support/dante.js";
import { find, launch } from "../support/programs.js";

const STANZAS = 10_000;
const SCRAPES = "200ms";
/** How long an answer may take to become what it is: on a busy machine a scrape can be late, and what it would have told is missing then. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 100;
/** As long as a stanza's interval, several times over, and several scrapes. */
const WINDOW = "5s";

for (const program of ["prometheus", "promtool"]) {
  if (!find(program)) {
    throw new Error(`${program} is missing, and so nothing here was tested: apt-get install prometheus`);
  }
}

const poem = poemFile(STANZAS);
const below = await startDante(["--poem", poem, "--interval", "100ms", "--prefix", "/dante"]);
const apart = await startDante(["--poem", poem, "--interval", "100ms", "--metrics-listen", "0"]);
const metricsPort = Number(apart.banner.match(/metrics\s+http:\/\/localhost:(\d+)\/metrics/)[1]);

const prometheus = await launch(find("prometheus"), (folder, port) => {
  const config = `
global:
  scrape_interval: ${SCRAPES}
  scrape_timeout: ${SCRAPES}
scrape_configs:
  - job_name: below
    metrics_path: /dante/metrics
    static_configs: [{ targets: ["127.0.0.1:${below.port}"] }]
  - job_name: apart
    static_configs: [{ targets: ["127.0.0.1:${metricsPort}"] }]
`;
  writeFileSync(`${folder}/prometheus.yml`, config);
  return {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  };
});

// They stay until the file is done.
const readers = [
  readSocketIo("4", below.origin, { path: "/dante/socket.io/", transports: ["websocket"] }),
  readSocketIo("4", apart.origin, { transports: ["websocket"] }),
  readSocketIo("4", apart.origin, { transports: ["polling"] }),
  readWebSocket(`${below.origin}/dante`),
  readWebSocket(apart.origin, { from: 7 }),
  readSse(`${below.origin}/dante`),
];

/** The answer to a query, as an object from labels to numbers. */
async function ask(query) {
  const url = `http://127.0.0.1:${prometheus}/api/v1/query?${new URLSearchParams({ query })}`;
  const { status, error, data } = await (await fetch(url)).json();
  assert.equal(status, "success", `${query}: ${error}`);
  return Object.fromEntries(
    data.result.map(({ metric, value }) => [Object.values(metric).join(" "), Number(value[1])]),
  );
}

/** Asks until the answer passes this check: a scrape shows what was a moment ago. */
async function check(query, judge) {
  const hung = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    const answer = await ask(query);
    try {
      return judge(answer);
    } catch (difference) {
      if (hung.aborted) throw difference;
    }
    await delay(RETRY_MS);
  }
}

/** Asks until the answer is this. */
const until = (query, expected) => check(query, (answer) => assert.deepEqual(answer, expected, query));

test("promtool finds nothing to say against the format", async () => {
  const text = await (await fetch(`${below.origin}/metrics`)).text();
  const { status, stdout, stderr } = spawnSync(find("promtool"), ["check", "metrics"], {
    input: text,
    encoding: "utf8",
  });
  assert.deepEqual({ status, said: stdout + stderr }, { status: 0, said: "" });
});

test("Prometheus knows what readers on every transport get", async () => {
  await until("up", { [`up 127.0.0.1:${below.port} below`]: 1, [`up 127.0.0.1:${metricsPort} apart`]: 1 });
  await Promise.all(readers.map((reader) => reader.more(5)));
  const transports = { "socketio-polling": 1, "socketio-websocket": 2, sse: 1, websocket: 2 };
  await until("sum by (transport) (dante_readers)", transports);
  await until("sum by (job) (dante_readers)", { below: 3, apart: 3 });
  await until("sum by (transport) (dante_joins_total)", transports);
  await until("sum by (job) (dante_resumes_total)", { below: 0, apart: 1 });
  await until("count(count by (edition) (dante_build_info))", { "": 1 });
  // As many as there were stanzas, and none of them lost on the way to the histogram.
  await until("sum(dante_stanzas_sent_total) == bool sum(dante_stanza_lateness_seconds_count)", { "": 1 });
  const had = readers.reduce((sum, { stanzas }) => sum + stanzas.length, 0);
  await until(`sum(dante_stanzas_sent_total) >= bool ${had}`, { "": 1 });
});

test("every question of the dashboard and of the list has an answer", async () => {
  const docs = path.resolve(import.meta.dirname, "../../docs");
  const dashboard = JSON.parse(readFileSync(`${docs}/grafana.json`, "utf8"));
  const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const list = readFileSync(`${docs}/metrics.md`, "utf8").match(/### Questions\n([^#]*)/)[1];
  const listed = [...list.matchAll(/\| `(.+)` \|$/gm)].map(([, query]) => query.replaceAll("\\|", "|"));
  assert.ok(asked.length > 10 && listed.length > 4, `${asked.length}, ${listed.length}`);
  // The rates of what never happened are left out of these.
  const mayBeEmpty = (query) => query.endsWith("> 0");
  for (const question of [...asked, ...listed]) {
    const query = question
      .replaceAll("$__rate_interval", WINDOW)
      .replaceAll("[5m]", `[${WINDOW}]`)
      .replaceAll("$instance", ".*");
    await check(query, (answer) => {
      assert.ok(mayBeEmpty(query) || Object.keys(answer).length > 0, `${query} has no answer`);
      assert.ok(Object.values(answer).every(Number.isFinite), `${query}: ${JSON.stringify(answer)}`);
    });
  }
});

test("a reader that leaves and a node that ends are seen", async () => {
  const leaving = readSse(`${apart.origin}`, `?from=${STANZAS - 1}`);
  await leaving.end();
  await until('sum(dante_ends_total{reason="finished"})', { "": 1 });
  assert.equal(await below.end(), 0);
  await until('up{job="below"}', { [`up 127.0.0.1:${below.port} below`]: 0 });
  await until("sum by (job) (dante_readers)", { apart: 3 });
});
