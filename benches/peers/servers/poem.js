// What every server in JavaScript needs: the stanzas that Dante sends, and its pace. benches/peers/run passes both.

import { readFileSync } from "node:fs";

/** The time between two stanzas, in milliseconds. */
export const INTERVAL = Number(process.env.PEER_INTERVAL_MS ?? 2000);

/** The stanzas in order, each as its text and its place, as recorded from Dante. */
export const STANZAS = readFileSync(process.env.PEER_STANZAS ?? "stanzas.jsonl", "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const { event: _, text, ...place } = JSON.parse(line);
    return { text, place };
  });

/** What a reader is told first. */
export function opening(from) {
  return { edition: "peer", of: STANZAS.length, from, intervalMs: INTERVAL, node: String(process.pid) };
}

/**
 * Sends the stanzas at the reader's own pace, the first at once: a timer for each reader, as one would write it.
 * @param {number} from the index of the first one
 * @param {(stanza: {text: string, place: object}) => void} send
 * @param {() => void} finish called after the last one
 * @returns {() => void} stops it
 */
export function read(from, send, finish) {
  let next = from;
  const step = () => {
    if (next < STANZAS.length) send(STANZAS[next++]);
    if (next < STANZAS.length) return;
    clearInterval(timer);
    finish();
  };
  const timer = setInterval(step, INTERVAL);
  step();
  return () => clearInterval(timer);
}

/** Tells benches/peers/run the port. */
export function announce(port) {
  console.log(`listening on 127.0.0.1:${port}`);
}
