// Rooms and the present mode in Firefox: a room is conducted, a reader joins it, both are presented.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { useFirefox } from "./firefox.js";
import { others } from "./notes.js";

const TOKEN = "a-token-that-nobody-guesses";

describe("Firefox in a room", { timeout: 120_000 }, () => {
  const open = useFirefox();

  it("conducts it, and reads along", async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const conductor = await open(`${origin}/room/class-3#conduct=${TOKEN}`);
    await conductor.state("held");
    assert.equal(await conductor.evaluate(() => location.href), `${origin}/room/class-3`);
    const reader = await open(`${origin}/room/class-3`);
    await reader.state("held");
    await conductor.until(() => document.getElementById("room-readers").textContent === "2 readers");
    await conductor.evaluate(() => document.getElementById("order-go-on").click());
    await Promise.all([conductor, reader].map((visit) => visit.state("streaming")));
    await conductor.evaluate(() => document.querySelector('.cantos a[data-from="46"]').click());
    const inPurgatorio = () => Number(document.querySelector(".stanza.now")?.dataset.index) >= 46;
    await Promise.all([conductor, reader].map((visit) => visit.until(inPurgatorio)));
    await conductor.evaluate(() => document.getElementById("order-hold").click());
    await Promise.all([conductor, reader].map((visit) => visit.state("held")));
    for (const visit of [conductor, reader]) {
      const { parts } = await visit.notes();
      assert.deepEqual(others(parts), ["break: The room went to Purgatorio, Canto I."]);
      // The driver names what was typed; the fragment goes nowhere.
      const asked = visit.requests.map((url) => url.split("#")[0]).join("\n");
      assert.ok(!asked.includes(TOKEN), asked);
    }
    await reader.assertQuiet();
  });

  it("presents it, with its code", async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const url = `${origin}/room/class-3?present`;
    const visit = await open(url);
    await visit.until(() => document.querySelector(".present-verse .l"));
    await visit.until(() => document.querySelector(".present-code").naturalWidth > 0);
    assert.equal(await visit.text(".present-address"), `${origin}/room/class-3`);
    const fits = await visit.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(fits);
    await visit.evaluate(() =>
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "p", bubbles: true })),
    );
    await visit.until(() => !document.querySelector(".present"));
    assert.equal(await visit.evaluate(() => location.href), `${origin}/room/class-3`);
    await visit.assertQuiet();
  });
});
