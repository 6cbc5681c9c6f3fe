// dante.exe as a guest of iisnode, over a named pipe: `tests/hosts/iisnode.test.js` is the same over a Unix domain
// socket.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { poemFile } from "../support/dante.js";
import { testGuest } from "../support/guest-of-iisnode.js";
import { startIisnode } from "../support/iisnode.js";
import { launchUnderIisnode, onWindows } from "./support.js";

const IDLE_MS = 35_000;

const guest = await testGuest(({ stanzas, interval, console }) =>
  launchUnderIisnode(["--poem", onWindows(poemFile(stanzas)), "--interval", interval], { console }),
);

// Idle while the other tests run. iisnode would ask for such a pipe up to 30 s later, and the guest cannot know when
// it began to count.
const patient = await startIisnode(guest.open, { poolMs: 2 * IDLE_MS });
const ask = async () => (await fetch(`${patient.origin}/dante/`)).status;
const first = await ask();
const idle = delay(IDLE_MS);

test(
  `a pipe is still good after ${IDLE_MS / 1000} s without a request`,
  { timeout: 2 * IDLE_MS },
  async () => {
    assert.equal(first, 200);
    await idle;
    assert.equal(await ask(), 200);
    assert.deepEqual({ opened: patient.opened, reused: patient.reused }, { opened: 1, reused: 1 });
    assert.deepEqual(patient.failures, []);
  },
);
