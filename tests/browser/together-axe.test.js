// For everyone: axe-core finds nothing on the pages of rooms and in the present mode, in any state, light and dark, narrow and wide.
// Pictures of each are kept in tests/artifacts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const ARGS = ["--interval", "1s"];
const TOKEN = "a-token-that-nobody-guesses";
const SIZES = [
  [1440, 900],
  [768, 1024],
  [320, 640],
];

/** Checks the page as it is now, in every look; nothing may reach out of the window sideways. */
async function check(visit, name) {
  for (const colorScheme of ["light", "dark"]) {
    await visit.page.emulateMedia({ colorScheme });
    for (const [width, height] of SIZES) {
      await visit.page.setViewportSize({ width, height });
      const look = `${name}-${width}-${colorScheme}`;
      await visit.screenshot(look);
      await visit.assertAccessible(look);
      const over = await visit.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${look}: ${over} px too wide`);
    }
  }
}

async function order(origin, room, body) {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await fetch(`${origin}/room/${room}`, { method: "POST", headers, body: JSON.stringify(body) });
}

describe("axe-core, together and presented", { concurrency: 2, timeout: 300_000 }, () => {
  const open = useBrowser();
  // What is half faded in has half its contrast; reduced motion shows what stays.
  const visit = (url, options = {}) => open(url, { reducedMotion: "reduce", ...options });

  it("where a room is named and made", async () => {
    const { origin } = await startDante(ARGS);
    const page = await visit(`${origin}/room/`);
    await page.$("#name").fill("a-name-that-is-just-about-as-long-as-any-name-of-a-room-may-be--64");
    await page.$("#make").click();
    await page.$("#made").waitFor();
    await check(page, "rooms-made");
    await check(await visit(`${origin}/room/no.name?lang=it`), "rooms-refused");
  });

  it("a room, conducted and held", async () => {
    const { origin } = await startDante(ARGS);
    const page = await visit(`${origin}/room/class-3#conduct=${TOKEN}`);
    await page.state("held");
    await check(page, "room-held");
    await page.$("#order-go-on").click();
    await page.state("streaming");
    await page.stanzas(3);
    await check(page, "room-conducting");
  });

  it("a room whose token is refused", async () => {
    const { origin } = await startDante(ARGS);
    await order(origin, "taken", { do: "look" });
    const page = await visit(`${origin}/room/taken?lang=it#conduct=another-token-of-somebody`);
    await page.state("refused");
    await check(page, "room-refused");
  });

  it("a room with what was missed there, before and after it is read", async () => {
    const { origin } = await startDante(ARGS);
    await order(origin, "gaps", { do: "hold" });
    const sockets = [];
    const page = await visit(`${origin}/room/gaps`, {
      prepare: (tab) =>
        tab.routeWebSocket(/socket\.io\//, (socket) => {
          socket.connectToServer();
          sockets.push(socket);
        }),
    });
    await page.state("held");
    await sockets.at(-1).close({ code: 3001 });
    await page.state("lost");
    await order(origin, "gaps", { do: "jump", to: 3 });
    await page.$(".missed").waitFor();
    await page.state("held");
    await check(page, "room-missed");
    await page.$(".missed button").click();
    await page.$('.stanza[data-index="2"]').waitFor();
    await check(page, "room-recalled");
  });

  it("presented, alone and in a room, as the stream goes and when it is lost", async () => {
    const dante = await startDante(ARGS);
    const page = await visit(`${dante.origin}/room/class-3?present#conduct=${TOKEN}`);
    await page.$(".present .l").first().waitFor();
    await check(page, "present-held");
    const alone = await visit(`${dante.origin}/?present&lang=it`);
    await alone.$(".present .l").first().waitFor();
    await check(alone, "present-alone");
    await dante.end("SIGKILL");
    await alone.state("lost");
    await check(alone, "present-lost");
  });
});
