// The system's clock is set while everybody reads. libfaketime stands in for it: a test may not set the clock of its machine.

import { existsSync, readdirSync, writeFileSync } from "node:fs";

import { until } from "../../fleet/support.js";
import { openFolder } from "../../support/programs.js";

/** Where Debian has it: the library for programs with threads, in the folder of the machine's kind. */
function library() {
  const files = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`);
  const file = files.find((one) => existsSync(one));
  if (!file) {
    throw new Error("libfaketime is missing, and so nothing here was tested: apt-get install faketime");
  }
  return file;
}

/** An hour forward, a day back, beyond 2038, and right again; in seconds. */
const SETTINGS = [3600, -86_400, 15 * 365 * 86_400, 0];

/** How far the clock may be from where it was set: answers have a date that is renewed each second. */
const CLOSE_MS = 30_000;

export const clock = {
  fault: "the clock set forward by an hour, back by a day, beyond 2038, and right again",
  uncut: true,
  async run(trial) {
    const file = `${openFolder()}/clock`;
    const set = (seconds) => writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    set(0);
    const node = await trial.node([], {
      env: {
        LD_PRELOAD: library(),
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: "1",
        // Setting a clock leaves the monotonic one alone (clock_settime(2)).
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    await trial.read(node.origin);
    const date = async () => Date.parse((await node.get("/health/live")).headers.date);
    let last = 0;
    for (const seconds of SETTINGS) {
      set(seconds);
      // hyper renews the date of its answers only when that is later than the last one (src/common/date.rs).
      if (seconds > last) await until(async () => (await date()) > Date.now() + seconds * 1000 - CLOSE_MS);
      last = seconds;
      await trial.calm();
    }
    return "by libfaketime; the monotonic clock goes on, as it does when a clock is set";
  },
};
