// Runs a case: starts its host, probes it, and grades what was said.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { describeVerdict, run } from "../probe/support.js";
import { UNBEARABLE, grade } from "./grade.js";
import { Missing } from "./hosts/programs.js";

/** The documents of the last run, for whoever wants to know why. */
export const ARTIFACTS = path.resolve(import.meta.dirname, "../artifacts/accuracy");
mkdirSync(ARTIFACTS, { recursive: true });

/**
 * A host and what an expert says of it.
 * @typedef {object} Case
 * @property {string} id unique
 * @property {string} kind the heading in the table
 * @property {string} host its make
 * @property {string} fault what is wrong with it
 * @property {(dantes: object) => Promise<string | {url: string, args?: string[], env?: object, meanwhile?: () => Promise<void>}>} start gives its origin, or
 *   what to probe and how; `meanwhile` is what happens while the probe runs
 * @property {string} [path] of the page; "/dante/" by default
 * @property {string[]} [args] of the probe
 * @property {string} expert what an expert would say
 * @property {import("./grade.js").Expected} expected
 */

/** What was said, in a line. */
export function summarize({ outcome, verdicts }) {
  return [outcome, verdicts.map(({ id, severity }) => (severity === "note" ? `${id} (note)` : id)).join(", ")]
    .filter(Boolean)
    .join(": ");
}

/** Everything that was said, for the log. */
function report(document) {
  return [
    ...document.hops.map(({ outcome, hop, ms, summary }) => `${outcome} ${hop} (${ms} ms): ${summary}`),
    ...document.verdicts.map(
      (verdict) => `${describeVerdict(verdict)}: ${verdict.evidence}\n  → ${verdict.remedy}`,
    ),
  ].join("\n");
}

/**
 * @param {Case} it
 * @returns {Promise<object>} the case with what was said, and its grade
 */
export async function tryCase(it, dantes, test) {
  let place;
  try {
    place = await it.start(dantes);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    process.stderr.write(`NOT RUN: ${it.id}: ${error.message}\n`);
    test.skip(error.message);
    return { ...it, said: "–", grade: "not run", why: [error.message] };
  }
  const {
    url,
    args = [],
    env,
    meanwhile,
  } = typeof place === "string" ? { url: place + (it.path ?? "/dante/") } : place;
  const probing = run([url, "--json", ...(it.args ?? []), ...args], { env });
  await meanwhile?.();
  const { stdout, stderr } = await probing;
  assert.equal(stderr, "");
  const document = JSON.parse(stdout);
  writeFileSync(path.join(ARTIFACTS, `${it.id}.json`), JSON.stringify(document, null, 1));
  const result = { ...it, said: summarize(document), ...grade(it.expected, document) };
  if (result.grade !== "right") test.diagnostic(`${it.id}: ${result.grade}: ${result.why.join("; ")}`);
  return {
    ...result,
    fail() {
      assert.ok(
        !UNBEARABLE.includes(result.grade),
        `${result.grade}: ${result.why.join("; ")}\nan expert: ${it.expert}\n${report(document)}`,
      );
    },
  };
}
