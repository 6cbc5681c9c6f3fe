// The command: builds, has the servers measured, and writes the page, its results and the plot.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { recordStanzas } from "./measure.js";
import { HELP, readOptions } from "./options.js";
import { fill } from "./page.js";
import { plot } from "./plot.js";
import { measureAll } from "./series.js";
import { SERVERS } from "./servers.js";
import { isWhole, summarize } from "./summary.js";

const here = import.meta.dirname;
const root = path.resolve(here, "../..");
const page = path.join(root, "docs/performance.md");

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`benches/peers/run: ${error.message}`);
  process.exit(2);
}
if (options.help) {
  process.stdout.write(HELP);
} else if (options.render) {
  const out = path.resolve(options.out);
  write(out, JSON.parse(readFileSync(path.join(out, "performance.json"), "utf8")));
} else {
  const scratch = mkdtempSync(path.join(tmpdir(), "dante-peers-"));
  try {
    const context = await prepare(scratch);
    const save = (results) => write(options.smoke ? scratch : path.resolve(options.out), results);
    const results = await measureAll(options, context, save);
    save(results);
    const bad = results.runs.filter((run) => !isWhole(run));
    for (const run of bad) console.error(`not whole: ${JSON.stringify(run)}`);
    if (bad.length > 0) process.exitCode = 1;
    // As a suite it tells that a part of it could not be had (tests/run).
    else if (options.smoke && results.missing.length > 0) process.exitCode = 78;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Builds, installs, and records the stanzas that all servers send. */
async function prepare(scratch) {
  const run = (program, ...args) =>
    execFileSync(program, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const built = ["--bin", "dante", "--example", "floor", ...(options.smoke ? [] : ["--release"])];
  run("cargo", "build", "--locked", "--quiet", ...built);
  if (!existsSync(path.join(here, "node_modules"))) {
    run("npm", "ci", "--prefix", here, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
  }
  const target = path.resolve(
    root,
    process.env.CARGO_TARGET_DIR ?? "target",
    options.smoke ? "debug" : "release",
  );
  const context = {
    binary: (name) => path.join(target, name),
    interval: options.interval,
    stanzas: path.join(scratch, "stanzas.jsonl"),
  };
  const dante = SERVERS.find(({ name }) => name === "dante");
  writeFileSync(context.stanzas, (await recordStanzas(dante, context)).join("\n"));
  return context;
}

/** Writes the page, the results beside it, one run a line, and the plot. */
function write(out, results) {
  mkdirSync(out, { recursive: true });
  const summary = summarize(results);
  writeFileSync(path.join(out, "performance.md"), fill(readFileSync(page, "utf8"), results, summary));
  writeFileSync(path.join(out, "performance.svg"), plot(summary));
  const lines = (list) => `[\n${list.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`;
  const { runs, calls, ...rest } = results;
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  writeFileSync(
    path.join(out, "performance.json"),
    `${head},\n  "runs": ${lines(runs)},\n  "calls": ${lines(calls)}\n}\n`,
  );
}
