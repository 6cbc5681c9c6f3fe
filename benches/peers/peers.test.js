// What becomes of the runs: medians, ratios, goals, and the page that is written from them.

import assert from "node:assert/strict";
import test from "node:test";

import { readOptions } from "./options.js";
import { fill } from "./page.js";
import { plot } from "./plot.js";
import { plannedRuns } from "./series.js";
import { SERVERS, takes } from "./servers.js";
import { GOALS, median, nearness, summarize } from "./summary.js";

/** A run in which all went well. */
const run = (server, readers, cpu, more = {}) => ({
  ...{ server, readers, repetition: 1, joined: readers, failed: 0, lost: 0, repeated: 0, silent: 0, cuts: 0 },
  ...{ cpu, kib: cpu, latenessP50: 1, latenessP99: 2, firstP50: 0.5, joinP99: 3, generatorCpu: 5, ...more },
});

const page = ["taken", "goals", "figures", "growth", "calls", "failures"]
  .map((name) => `${name} by hand\n<!-- measured: ${name} -->\nold\n<!-- end -->\n`)
  .join("");

/** Results of these runs, with what the page says of the machine. */
const results = (runs, calls = []) => ({
  ...{ date: "2026-11-27", minutes: 1, machine: {}, versions: { Dante: "1" }, missing: [], runs, calls },
  options: { "long-size": 10_000 },
});

test("the median of an even count lies between the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, undefined, 2, 3]), 2.5);
  assert.equal(median([]), undefined);
});

test("ratios are those of medians, and memory is that of the long run", () => {
  const runs = [run("dante", 10_000, 10), run("dante", 10_000, 30, { long: true }), run("bun", 10_000, 40)];
  const summary = summarize({ runs, calls: [] });
  assert.equal(summary.ratio("dante", "bun", 10_000), 0.5);
  assert.equal(summary.memory("dante", 10_000), 30);
  assert.equal(summary.ratio("dante", "node", 10_000), undefined);
});

test("a goal is met, missed by so much, or not measured", () => {
  assert.equal(nearness(1, 1), "met");
  assert.equal(nearness(1.25, 1), "missed by 25 %");
  assert.equal(nearness(3, 0), "missed");
  assert.equal(nearness(undefined, 1), "not measured");
  const nothing = summarize({ runs: [], calls: [] });
  for (const { what, figure } of GOALS) assert.equal(figure(nothing), undefined, what);
});

test("each goal is measured by a whole series", () => {
  const sizes = readOptions([]).sizes;
  const runs = SERVERS.flatMap((server) =>
    sizes.filter((size) => takes(server, size)).map((size) => run(server.name, size, 10, { long: true })),
  );
  const summary = summarize({ runs, calls: [] });
  for (const { what, unit, figure } of GOALS) assert.ok(Number.isFinite(figure(summary)), `${what} ${unit}`);
});

test("readers that were not served whole are told", () => {
  const runs = [
    run("dante", 100, 10, { joined: 99, failed: 1, lost: 2 }),
    { server: "bun", readers: 100, error: "it fell" },
  ];
  const summary = summarize({ runs, calls: [] });
  assert.equal(summary.unserved("dante", 100), 3);
  assert.equal(summary.unserved("bun", 100), 100);
  const written = fill(page, results(runs), summary);
  assert.match(written, /lost 2/);
  assert.match(written, /it fell/);
});

test("the page keeps what people wrote, and nothing of what was measured before", () => {
  const runs = [run("dante", 1000, 12.345), run("floor", 1000, 10)];
  const taken = results(runs, [{ server: "dante", readers: 1000, sends: 1, waits: 0.1, all: 1.2 }]);
  const written = fill(page, taken, summarize(taken));
  assert.match(written, /goals by hand/);
  assert.doesNotMatch(written, /^old$/m);
  assert.match(written, /\| Dante \| Socket\.IO over WebSocket \| 1,000 \| 12\.3 \| 1\.23 \|/);
  assert.equal(fill(written, taken, summarize(taken)), written);
  assert.throws(() => fill(page.replace("measured: calls", ""), taken, summarize(taken)), /measured: calls/);
});

test("the plot has a line for each server, and none for what was not measured", () => {
  const runs = [1000, 5000].flatMap((size) => [run("dante", size, 12), run("node", size, 30)]);
  const drawn = plot(summarize({ runs, calls: [] }));
  assert.equal(drawn.match(/class="line"/g).length, 2 * 3);
  assert.doesNotMatch(drawn, /NaN|undefined/);
});

test("all servers are measured in each repetition, each time in another order", () => {
  const servers = ["dante", "bun", "dante-polling"].map((name) => SERVERS.find((one) => one.name === name));
  const plan = plannedRuns({ repetitions: 2, sizes: [5000, 10_000] }, servers);
  assert.deepEqual(
    plan.map(({ server, readers, repetition }) => `${server.name} ${readers} ${repetition}`),
    [
      ...["dante 5000 1", "bun 5000 1", "dante-polling 5000 1", "dante 10000 1", "bun 10000 1"],
      ...["bun 5000 2", "dante-polling 5000 2", "dante 5000 2", "bun 10000 2", "dante 10000 2"],
    ],
  );
});

test("a bad value is refused with a reason", () => {
  for (const [args, message] of [
    [["--sizes", "10,x"], /--sizes "x": not a whole number/],
    [["--seconds", "0"], /--seconds "0"/],
    [["--servers", "apache"], /--servers "apache": unknown; use floor, /],
  ]) {
    assert.throws(() => readOptions(args), message);
  }
});
