// Tries a triple: starts its host, watches it as an ordinary client does, probes it, and grades what was said.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { UNBEARABLE, grade } from "../accuracy/grade.js";
import { describeVerdict, run } from "../probe/support.js";
import { summarize } from "../accuracy/case.js";

/** The documents of the last run, for whoever wants to know why. */
const ARTIFACTS = path.resolve(import.meta.dirname, "../artifacts/apps");
mkdirSync(ARTIFACTS, { recursive: true });

/** What the probe is told of a row: all of it, or the URL alone. */
function argumentsOf({ application, isTold }, url) {
  if (application.kind === "websocket" && isTold) return [url.replace(/^http/, "ws")];
  return [url, ...(isTold ? application.args : [])];
}

/** Everything that was said, for the log. */
const report = ({ hops, verdicts }) =>
  [
    ...hops
      .filter(({ outcome }) => outcome !== "skipped")
      .map(({ outcome, hop, ms, summary }) => `${outcome} ${hop} (${ms} ms): ${summary}`),
    ...verdicts.map((verdict) => `${describeVerdict(verdict)}: ${verdict.evidence}\n  → ${verdict.remedy}`),
  ].join("\n");

/**
 * @param {import("./rows.js").Row} row
 * @param {Record<string, number>} ports of the applications
 * @returns {Promise<object>} the row with what a client saw, what was said, and its grade
 */
export async function tryRow(row, ports) {
  const { application, fault, setup } = row;
  const origin = await setup.start(ports[application.id]);
  const url = origin + (fault.quiet ? application.quiet : application.path);
  const args = argumentsOf(row, url);
  const [truth, { stdout, stderr }] = await Promise.all([
    application.watch(url, { toTheEnd: fault.toTheEnd }),
    run([...args, "--json", ...(fault.args ?? [])], { env: row.env }),
  ]);
  const seen = [truth.word, truth.detail].filter(Boolean).join(": ");
  const why = fault.truth.test(truth.word) ? [] : [`a client saw: ${seen}`];
  assert.equal(stderr, "");
  const document = JSON.parse(stdout);
  writeFileSync(path.join(ARTIFACTS, `${row.id}.json`), JSON.stringify(document, null, 1));
  const graded = grade(fault.expected, document);
  return {
    ...row,
    truth: truth.word,
    said: summarize(document),
    grade: graded.grade,
    why: [...why, ...graded.why],
    fail() {
      assert.deepEqual(why, [], "the host does not do what the row says");
      assert.ok(
        !UNBEARABLE.includes(graded.grade),
        `${graded.grade}: ${graded.why.join("; ")}\nan expert: ${fault.expert}\n${report(document)}`,
      );
    },
  };
}
