// What a reader knows of its room (static/js/room/), without a page.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Pace } from "../../static/js/pace.js";
import { RoomBeat } from "../../static/js/room/news.js";
import { SharedReading } from "../../static/js/room/reading.js";
import { give, inWords } from "../../static/js/room/orders.js";

const INTERVAL = 1000;
const TOKEN = "a-token-that-nobody-guesses";
const opening = (from) => ({ edition: "e1", of: 50, from, intervalMs: INTERVAL, node: "n" });
const news = (place, held, readers = 2) => ({ name: "a", place, held, readers });

describe("a reading in a room", () => {
  test("asks for the room alone at first, and then says what it has heard", () => {
    const reading = new SharedReading("a", 50, "e1");
    assert.deepEqual(reading.request(), { room: "a" });
    reading.opened(opening(7));
    reading.received({ index: 7 });
    assert.deepEqual(reading.request(), { room: "a", from: 8, edition: "e1" });
  });

  test("begins where the room is, with nothing missed", () => {
    const reading = new SharedReading("a", 50, "e1");
    assert.equal(reading.opened(opening(7)), 0);
    assert.deepEqual([reading.next, reading.gaps], [7, 0]);
  });

  test("tells what was missed while away, and never asks for it", () => {
    const reading = new SharedReading("a", 50, "e1");
    reading.opened(opening(7));
    reading.received({ index: 7 });
    assert.equal(reading.opened(opening(12)), 4);
    assert.deepEqual([reading.gaps, reading.wants(12), reading.wants(30)], [4, 0, 0]);
  });

  test("takes a stanza somewhere else for a jump: nothing is missing, and nothing repeated", () => {
    const reading = new SharedReading("a", 50, "e1");
    reading.opened(opening(7));
    for (const index of [7, 30, 31, 2, 3]) assert.equal(reading.received({ index }), 0);
    assert.deepEqual([reading.gaps, reading.repeats, reading.stanzas, reading.next], [0, 0, 5, 4]);
    assert.equal(reading.opened(opening(0)), 0, "the room went back while the reader was away");
    assert.equal(reading.next, 0);
  });

  test("of another text begins anew", () => {
    const reading = new SharedReading("a", 50, "e1");
    reading.opened(opening(7));
    reading.startOver();
    assert.equal(reading.opened({ ...opening(20), edition: "e2" }), 0);
  });
});

/** Plays stanzas at their times, and what is told in between; returns what each stanza meant and how late it was. */
function play(...events) {
  const beat = new RoomBeat();
  let pace = new Pace(INTERVAL);
  const arrivals = [];
  beat.joined(events.find(([index]) => typeof index === "number")[0]);
  const meant = [];
  for (const [what, at] of events) {
    if (typeof what === "object") {
      beat.told(what);
      continue;
    }
    const { measured, anew, went } = beat.arriving({ index: what }, at, pace);
    if (anew) pace = new Pace(INTERVAL);
    const arrival = pace.arrived(what, at);
    if (measured) arrivals.push(arrival);
    meant.push(`${what}${went ? " went" : ""}${measured ? "" : " joined"}`);
  }
  return { meant, lates: arrivals.map(({ start, pace: own }) => start - own.start), held: beat.held };
}

describe("the beat of a room", () => {
  test("does not take a late comer's first stanza for a late one", () => {
    const { meant, lates } = play([7, 900], [8, 1000], [9, 2000], [10, 3010]);
    assert.deepEqual(meant, ["7 joined", "8", "9", "10"]);
    assert.deepEqual(lates, [0, 0, 10]);
  });

  test("does not take a hold for a delay", () => {
    const { lates, held } = play([7, 0], [8, 1000], [news(8, true), 1200], [9, 60_000], [10, 61_000]);
    assert.deepEqual([lates, held], [[0, 0, 0], false]);
  });

  test("stays held after a jump, and after a stanza that was due before", () => {
    const jumped = play([7, 0], [8, 1000], [news(8, true), 1200], [30, 9000], [news(30, true), 9001]);
    assert.deepEqual([jumped.meant.at(-1), jumped.held], ["30 went", true]);
    const behind = play([7, 0], [news(9, true), 10], [8, 1000], [9, 1001]);
    assert.equal(behind.held, true);
  });

  test("does not blame stanzas for a beat that was changed by a hold too short to be told", () => {
    // Held at 1300 and let go at 1600: only the second is told, and the next stanza comes early.
    const early = play([7, 0], [8, 1000], [9, 1600], [news(9, false), 1601], [10, 2600], [11, 3600]);
    assert.deepEqual(early.lates, [0, 0, 0, 0]);
    const told = play([news(6, false), 0], [7, 0], [8, 1000], [news(9, false), 1601], [9, 2300], [10, 3300]);
    assert.deepEqual(told.lates, [0, 0, 0]);
  });

  test("still tells delays that are none of the room's doing", () => {
    const { lates } = play([7, 0], [8, 1000], [9, 2000], [10, 4500], [11, 4500]);
    assert.deepEqual(lates, [0, 0, 1500, 500]);
  });

  test("tells where a reader finds the room after a break", () => {
    const beat = new RoomBeat();
    const pace = new Pace(INTERVAL);
    beat.joined(7);
    beat.arriving({ index: 7 }, 0, pace);
    beat.joined(12);
    assert.equal(beat.arriving({ index: 12 }, 5000, pace).went, false, "it has only gone on");
    beat.joined(3);
    assert.equal(beat.arriving({ index: 3 }, 9000, pace).went, true);
    beat.joined(4);
    assert.equal(
      beat.arriving({ index: 20 }, 9900, pace).went,
      true,
      "it jumped before the next stanza was due",
    );
  });
});

describe("orders", () => {
  const url = new URL("http://127.0.0.1/room/a");
  /** Gives an order to a server that answers this. @returns what came of it, and what was asked */
  async function answered(answer, token = TOKEN) {
    const asked = [];
    const { fetch } = globalThis;
    globalThis.fetch = async (...request) => {
      asked.push(request);
      return answer();
    };
    try {
      return { outcome: await give(url, token, { do: "hold" }), asked };
    } finally {
      globalThis.fetch = fetch;
    }
  }

  test("show the token in a header, and nowhere else", async () => {
    const { asked, outcome } = await answered(() => Response.json(news(3, true)));
    const [[where, { headers, method, body }]] = asked;
    assert.deepEqual([where.href, method, body], [url.href, "POST", '{"do":"hold"}']);
    assert.equal(headers.Authorization, `Bearer ${TOKEN}`);
    assert.deepEqual(outcome, { room: news(3, true) });
  });

  test("with what is no token are not sent", async () => {
    for (const token of ["", "short", "with spaces in between", "à-token-with-an-accent", "a".repeat(129)]) {
      const { asked, outcome } = await answered(() => Response.json({}), token);
      assert.deepEqual([asked, outcome.word], [[], "bad-conduct"], token);
    }
  });

  test("are refused by the server's word, by somebody else's status, or by silence", async () => {
    const words = { room_said_not_the_conductor: "another", room_said_status: "status" };
    const t = (name, { status }) => (words[name] ? `${words[name]} ${status}` : name);
    const text = (body, status) => () => new Response(body, { status });
    for (const [answer, sentence] of [
      [text("not-the-conductor: another token", 403), "another 403"],
      [text("some-word: that is new", 409), "some-word: that is new"],
      [text("<html>Forbidden</html>", 403), "status 403"],
      [() => Promise.reject(new TypeError("failed")), "status 0"],
    ]) {
      assert.equal(inWords("room", (await answered(answer)).outcome, t), sentence);
    }
  });
});
