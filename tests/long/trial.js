// One fault tried: the nodes, the readers and the witnesses of a row, and what comes of them.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";

import { temporaryFolder } from "../support/dante.js";
import { Load } from "./load.js";
import { Node } from "./node.js";
import { INTERVAL, SIZES } from "./sizes.js";
import { Witness } from "./witness.js";

/** The poem that Dante reads when it is given no other. */
export const POEM = path.resolve(import.meta.dirname, "../../divine-comedy.txt");

/** A poem of long stanzas: some of them fill all that a connection holds. */
export function longPoem(stanzas, bytes) {
  const file = path.join(temporaryFolder(), "long.txt");
  const stanza = (index) => `Stanza ${index}: ${"l'altre stelle ".repeat(bytes / 15)}\n`;
  writeFileSync(file, Array.from({ length: stanzas }, (_, index) => stanza(index)).join("\n"));
  return file;
}

const sum = (numbers) => [...numbers].reduce((all, number) => all + number, 0);

export class Trial {
  nodes = [];
  loads = [];
  witnesses = [];
  /** Reports of loads that ended early. */
  #reports = [];
  /** @type {{before?: number, after?: number}} */
  memory = {};

  /** Starts a Dante, to be started again by whoever ends it. */
  async node(args = [], options = {}) {
    const node = await new Node(["--interval", INTERVAL, ...args], options).start();
    this.nodes.push(node);
    return node;
  }

  /** Notes all nodes' memory, in MiB, unless that has been done. */
  #remember(when) {
    this.memory[when] ??= sum(this.nodes.map((node) => node.memory()));
  }

  /**
   * Readers join, and a witness.
   * @param {{readers?: number, witnessAt?: string, poem?: string}} options `witnessAt` is where the witness reads, if not where the others do
   */
  async read(origin, { readers = SIZES.readers, witnessAt = origin, poem = POEM } = {}) {
    this.#remember("before");
    const load = new Load(origin, readers);
    this.loads.push(load);
    await load.join();
    await this.watch(witnessAt, poem);
    return load;
  }

  /** One more witness, who reads by the time that this returns. */
  async watch(origin, poem = POEM) {
    const witness = new Witness(origin, poem);
    this.witnesses.push(witness);
    await witness.more(1);
    return witness;
  }

  /** Waits until all who were cut are back, and everybody has some stanzas more. */
  async calm(stanzas = SIZES.calm) {
    const all = [
      ...this.loads.map((load) => load.calm(stanzas)),
      ...this.witnesses.map((one) => one.more(stanzas)),
    ];
    await Promise.all(all);
  }

  /** Ends all, and returns what came of it. */
  async end() {
    this.#remember("after");
    const reports = [...this.#reports, ...(await Promise.all(this.loads.map((load) => load.end())))];
    const witnesses = await Promise.all(this.witnesses.map((witness) => witness.end()));
    const both = (name) => sum([...reports, ...witnesses].map((counts) => counts[name]));
    const lateness = witnesses.flatMap((witness) => witness.lateness).sort((a, b) => a - b);
    return {
      readers: sum(reports.map(({ readers }) => readers)),
      stanzas: both("stanzas"),
      lost: both("lost"),
      repeated: both("repeated"),
      wrong: both("wrong"),
      cuts: both("cuts"),
      back: sum(reports.map(({ resumed }) => resumed)) + sum(witnesses.map(({ back }) => back)),
      failed: Object.assign({}, ...reports.map(({ failed }) => failed)),
      cutReasons: Object.assign({}, ...reports.map(({ cutReasons }) => cutReasons)),
      latenessMs: [0.5, 1].map((share) => lateness[Math.ceil(share * lateness.length) - 1]),
      memory: this.memory,
      panics: sum(this.nodes.map((node) => node.logged("panicked"))),
    };
  }

  /** The readers of a load leave before the end of the row. */
  async leave(load) {
    this.loads.splice(this.loads.indexOf(load), 1);
    this.#reports.push(await load.end());
  }
}

/**
 * Asserts that nothing was lost or repeated, that everybody who was cut came back, and that no task of Dante's panicked.
 * @param {object} figures
 * @param {boolean} uncut whether nobody may have been cut
 */
export function assertSurvived({ lost, repeated, wrong, failed, cuts, cutReasons, back, panics }, uncut) {
  assert.deepEqual(
    { lost, repeated, wrong, failed, panics, away: cuts - back },
    { lost: 0, repeated: 0, wrong: 0, failed: {}, panics: 0, away: 0 },
  );
  if (uncut) assert.deepEqual([cuts, cutReasons], [0, {}]);
}
