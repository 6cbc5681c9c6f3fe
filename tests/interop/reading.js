// A small poem, the servers that read it, and the check that a client had all of it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

import { startDante, temporaryFolder } from "../support/dante.js";

/** Enough for an upgrade in the middle, and for several stanzas in one poll. */
const STANZAS = 140;
const INTERVAL_MS = 20;

/** How long readers may take in all; a quiet machine needs three seconds. */
const PATIENCE_MS = 90_000;

/**
 * What clients get wrong, if anything: quotation marks and backslashes, what looks like a packet or an escape, several lines; accents;
 * and characters of two UTF-16 units, whose lengths Engine.IO 3 counts.
 */
const TAILS = [
  '"dolce stil novo" \\ \\n',
  "%20&amp; {}[] b4,2[",
  "che mena dritto\naltrui per ogne calle",
  "«più», così, perché",
  "😀 𝔇ante 🏔",
];

/** How many of them clients are told: those who can read ASCII only, what is in one UTF-16 unit, or anything. */
const ALPHABETS = { ascii: 3, narrow: 4, any: 5 };

/** Where a poem in this alphabet is read: two servers, one of which has a prefix. */
export async function startHosts(alphabet = "any") {
  const tails = TAILS.slice(0, ALPHABETS[alphabet]);
  const texts = Array.from({ length: STANZAS }, (_, index) => `${index}. ${tails[index % tails.length]}`);
  const file = path.join(temporaryFolder(), "poem.txt");
  writeFileSync(file, texts.join("\n\n"));
  const args = ["--poem", file, "--interval", `${INTERVAL_MS}ms`];
  const [root, prefixed] = await Promise.all([startDante(args), startDante([...args, "--prefix", "/dante"])]);
  return [
    { place: "at the root", origin: root.origin, prefix: "", texts },
    { place: "under a prefix", origin: prefixed.origin, prefix: "/dante", texts },
  ];
}

/** What one reader heard. */
export class Heard {
  /** What `reading` said, each time. */
  openings = [];
  stanzas = [];
  /** How it ended, each time. */
  ends = [];

  opened(opening) {
    this.openings.push(opening);
  }

  stanza(text, index) {
    this.stanzas.push({ text, index });
  }

  ended(how) {
    this.ends.push(how);
  }

  /**
   * Asserts that every stanza came once, with its text, in its order, in one reading that ended as it should.
   * @param {string[]} texts
   * @param {{end: string, inOrder?: boolean, tells?: boolean}} expected `inOrder` is false where a client hands over each event in a
   *   thread of its own; `tells` is false where it knows nothing but texts
   */
  assertWhole(texts, { end, inOrder = true, tells = true }) {
    const came = inOrder ? this.stanzas : this.stanzas.toSorted((one, other) => one.index - other.index);
    const wrong = came.findIndex(({ text, index }, at) => index !== at || text !== texts[at]);
    const around = came
      .slice(Math.max(wrong - 1, 0), wrong + 3)
      .map(({ index, text }) => `${index} (${text})`);
    assert.equal(
      wrong,
      -1,
      `after ${wrong} stanzas it heard ${around.join(", ")}; readings: ${this.openings.length}`,
    );
    assert.equal(came.length, STANZAS, `${came.length} stanzas, and it ended: ${this.ends}`);
    assert.deepEqual(this.ends, [end]);
    if (tells) {
      assert.equal(this.openings.length, 1);
      const [{ from, of }] = this.openings;
      assert.deepEqual({ from, of }, { from: 0, of: STANZAS });
    }
  }
}

/**
 * Runs a program of readers, which says what they hear in a line of JSON each. It ends with its last reader, or when patience does.
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<{all: Map<string, Heard>, exit: number | string}>} what each reader has heard, by its name
 */
async function readersOf(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const all = new Map();
  for await (const line of createInterface(child.stdout)) {
    const { reader, ...said } = JSON.parse(line);
    if (!all.has(reader)) all.set(reader, new Heard());
    const heard = all.get(reader);
    if ("opening" in said) heard.opened(said.opening);
    else if ("text" in said) heard.stanza(said.text, said.index);
    else heard.ended(said.end);
  }
  clearTimeout(patience);
  const [code, signal] = await exited;
  return { all, exit: code ?? signal };
}

/**
 * Tests of a program whose readers read on all hosts at the same time: one for each of its readers.
 * @param {string} program
 * @param {string[]} args to which the URLs of the hosts are added
 * @param {Record<string, object>} expected by the readers' names: what `assertWhole` wants
 * @param {string} [alphabet] what they can read
 */
export async function testReaders(program, args, expected, alphabet) {
  const hosts = await startHosts(alphabet);
  const urls = hosts.map(({ origin, prefix }) => origin + prefix);
  const outcome = readersOf(program, [...args, ...urls]);
  // Each test awaits it; a failure before the first of them does is theirs to tell.
  outcome.catch(() => {});
  for (const [at, { place, texts }] of hosts.entries()) {
    for (const [name, wanted] of Object.entries(expected)) {
      test(`${name}, ${place}`, async () => {
        const { all } = await outcome;
        const heard = all.get(`${name} ${urls[at]}`) ?? new Heard();
        heard.assertWhole(texts, wanted);
      });
    }
  }
  test("there are no other readers, and their program ends well", async () => {
    const { all, exit } = await outcome;
    const names = Object.keys(expected).flatMap((name) => urls.map((url) => `${name} ${url}`));
    assert.deepEqual([...all.keys()].sort(), names.sort());
    assert.equal(exit, 0);
  });
}

/** Where tests/setup puts what it installs. */
export const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "dante");
