// The token with which a room is conducted is in nothing that is kept: no address, no log, no frame, no report.

import assert from "node:assert/strict";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const TOKEN = "a-token-that-nobody-guesses";

describe("the token of a room", { timeout: 120_000 }, () => {
  const open = useBrowser();

  it("is taken out of the address, found again by a reload, and kept nowhere else", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "dante-"));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const file = path.join(folder, "log");
    const dante = await startDante(["--interval", "200ms"], {
      log: openSync(file, "w"),
      env: { RUST_LOG: "trace" },
    });
    const frames = [];
    const requests = [];
    const visit = await open(`${dante.origin}/room/class-3?lang=en#conduct=${TOKEN}`, {
      prepare: async (page) => {
        await page.addInitScript(() => {
          window.copied = [];
          Object.defineProperty(navigator, "clipboard", {
            value: { writeText: async (text) => window.copied.push(text) },
          });
        });
        page.on("request", (request) => {
          const { authorization, ...headers } = request.headers();
          requests.push([request.url(), request.postData() ?? "", JSON.stringify(headers), request.method()]);
          if (authorization) assert.equal(`${request.method()} ${authorization}`, `POST Bearer ${TOKEN}`);
        });
        page.on("websocket", (socket) => {
          for (const event of ["framesent", "framereceived"]) {
            socket.on(event, ({ payload }) => frames.push(String(payload)));
          }
        });
      },
    });
    await visit.state("held");
    await visit.$("#order-go-on").click();
    await visit.state("streaming");
    await visit.stanzas(5);
    assert.equal(visit.page.url(), `${dante.origin}/room/class-3?lang=en`);
    await visit.page.reload();
    await visit.$("#orders").waitFor();
    await visit.state("streaming");
    assert.equal(await visit.text("#room-said"), "", "the room still follows");
    // Wherever it is read, it goes by the same way.
    for (const choice of ["sse", "websocket", "socketio-polling"]) {
      await visit.$("#choice").selectOption(choice);
      await visit.state(choice.endsWith("polling") ? "polling" : "streaming");
      await visit.$("#order-hold").click();
      await visit.state("held");
      await visit.$("#order-go-on").click();
      await visit.state(choice.endsWith("polling") ? "polling" : "streaming");
    }
    await visit.$("#copy").click();
    await visit.$("#room-link").click();
    await visit.$("#link").click();
    const copied = await visit.page.evaluate(() => window.copied);
    assert.equal(copied.length, 3);
    assert.equal(copied[1], `${dante.origin}/room/class-3`);
    await visit.page.keyboard.press("p");
    await visit.$(".present-code").waitFor();
    const presented = await visit.text(".present");
    const code = await visit.$(".present-code").getAttribute("src");
    const shown = await visit.page.content();
    assert.ok(presented.includes(`${dante.origin}/room/class-3`));
    await visit.page.keyboard.press("p");
    await visit.$("#conduct-link").click();
    await visit.until(() => window.copied.length === 4);
    assert.equal(
      await visit.page.evaluate(() => window.copied[3]),
      `${dante.origin}/room/class-3#conduct=${TOKEN}`,
    );

    const entries = await visit.page.evaluate(() =>
      JSON.stringify([performance.getEntries(), Object.entries(localStorage)]),
    );
    await dante.end();
    const log = readFileSync(file, "utf8");
    assert.match(log, /class-3|reader connected/u);
    for (const [what, text] of Object.entries({
      log,
      copied: copied.join("\n"),
      presented,
      code,
      shown,
      entries,
      requests: JSON.stringify(requests),
      frames: frames.join("\n"),
    })) {
      assert.ok(text.length > 0, what);
      assert.ok(!text.includes(TOKEN), what);
    }
  });

  it("conducts in its own tab only", async () => {
    const { origin } = await startDante(["--interval", "200ms"]);
    const visit = await open(`${origin}/room/a#conduct=${TOKEN}`);
    await visit.$("#orders").waitFor();
    const other = await visit.page.context().newPage();
    await other.goto(`${origin}/room/a`);
    await other.locator(".stanza").first().waitFor();
    assert.equal(await other.locator("#orders").isVisible(), false);
    // A token behind the address of a room that is open already.
    await other.evaluate((token) => (location.hash = `conduct=${token}`), TOKEN);
    await other.locator("#orders").waitFor();
    assert.equal(other.url(), `${origin}/room/a`);
  });
});
