// Tables of docs/ that the tests write: cells, grades counted, and the rule for all of them. With DANTE_WRITE_DOCS=1 the tests
// write the page; without, they fail when a row is missing from it, since nothing may be left out to look better.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { GRADES } from "../accuracy/grade.js";

const cell = (text) =>
  text
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll("<", "&lt;");

/** A row. */
export const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;

/** A table. */
export const table = (columns, rows) =>
  [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");

/** How many of the results have which grade, a row for each kind. */
export function countGrades(kinds, results) {
  const counted = [...GRADES, "not run"];
  const rows = Object.entries(kinds).map(([name, is]) => {
    const of = results.filter(is);
    return [name, `${of.length}`, ...counted.map((one) => `${of.filter((it) => it.grade === one).length}`)];
  });
  return table(["", "cases", ...counted], rows);
}

/** The grade, why it is no better, and that of the first try if there were two. */
export const describeGrade = ({ grade, why, first }) =>
  [grade, ...why, ...(first ? [`second try, the first was ${first}`] : [])].join("; ");

/**
 * Writes the page if that was asked for; otherwise it must have the row of each result.
 * @param {string} file
 * @param {string} page
 * @param {string[][]} rows the first cells of each, which do not depend on the run
 */
export function compareOrWrite(file, page, rows) {
  if (process.env.DANTE_WRITE_DOCS === "1") {
    writeFileSync(file, page);
    return;
  }
  const written = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const missing = rows.filter((cells) => !written.some((row) => row.startsWith(line(cells).slice(0, -1))));
  assert.deepEqual(missing, [], `${file} is stale; its first lines say how it is written`);
}
