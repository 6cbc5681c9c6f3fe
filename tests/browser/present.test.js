// Presented: nothing but verse, as large as the window allows, in every window that there is; by keys, and back again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import jsQR from "jsqr";
import { poemFile, startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const ARGS = ["--interval", "300ms"];
const TOKEN = "a-token-that-nobody-guesses";

const SIZES = [
  [320, 640],
  [390, 844],
  [768, 1024],
  [844, 390],
  [1024, 768],
  [1440, 900],
  [2560, 1440],
];

/** How the verses stand: their size, how much of the width they take, and what does not fit. */
function measure() {
  const verse = document.querySelector(".present-verse");
  const lines = [...verse.querySelectorAll(".l")];
  const size = Number.parseFloat(getComputedStyle(verse).fontSize);
  const widths = lines.map((line) => {
    const range = document.createRange();
    range.selectNodeContents(line);
    return range.getBoundingClientRect();
  });
  return {
    size,
    rows: lines.map((line) => Math.round(line.getBoundingClientRect().height / (size * 1.42))),
    used: Math.max(...widths.map(({ right }) => right)) / innerWidth,
    over: document.documentElement.scrollWidth - innerWidth,
    hidden: verse.scrollHeight - verse.clientHeight,
    outside: [...document.querySelectorAll(".present *")].filter((element) => {
      const { right, bottom, width } = element.getBoundingClientRect();
      return width && (right > innerWidth + 1 || bottom > innerHeight + 1);
    }).length,
  };
}

/** The text of the presented stanza. */
const verse = (visit) => visit.text(".present-verse");
const press = (visit, key) => visit.page.keyboard.press(key);

/** What a phone reads off the page's code, at the size at which it stands there. */
async function readCode(visit) {
  await visit.until(() => document.querySelector(".present-code").naturalWidth > 0);
  const pixels = await visit.page.evaluate(() => {
    const code = document.querySelector(".present-code");
    const { width, height } = code.getBoundingClientRect();
    const canvas = new OffscreenCanvas(Math.round(width), Math.round(height));
    const context = canvas.getContext("2d");
    context.drawImage(code, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return { data: [...data], width: canvas.width, height: canvas.height };
  });
  return jsQR(Uint8ClampedArray.from(pixels.data), pixels.width, pixels.height)?.data;
}

describe("presented", { concurrency: 2, timeout: 240_000 }, () => {
  const open = useBrowser();

  it("fits every window, and uses the width of a large one", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/?present`, { reducedMotion: "reduce" });
    await visit.$(".present .l").first().waitFor();
    await press(visit, " ");
    for (const [width, height] of SIZES) {
      await visit.page.setViewportSize({ width, height });
      await visit.page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
      const { size, rows, used, over, hidden, outside } = await visit.page.evaluate(measure);
      const look = `${width} × ${height}: ${JSON.stringify({ size, rows, used, over, hidden, outside })}`;
      assert.deepEqual([over, hidden, outside], [0, 0, 0], look);
      assert.ok(size <= width * 0.08 && size >= 16, look);
      if (width >= 768) assert.deepEqual(new Set(rows), new Set([1]), look);
      if (width >= 1024 && height > 700) assert.ok(used > 0.75, look);
      await visit.screenshot(`present-${width}`);
    }
    visit.assertQuiet();
  });

  it("shows its address in words and as a code that a phone reads, without what is only for the wall", async () => {
    const { origin } = await startDante(ARGS);
    for (const [path, address] of [
      ["/room/class-3?lang=it&present", "/room/class-3?lang=it"],
      ["/?present&canto=purgatorio/1", "/?canto=purgatorio%2F1"],
    ]) {
      for (const colorScheme of ["light", "dark"]) {
        const visit = await open(`${origin}${path}`, { colorScheme });
        await visit.$(".present .l").first().waitFor();
        assert.equal(await visit.text(".present-address"), `${origin}${address}`);
        assert.equal(await visit.$(".present-code").getAttribute("alt"), `${origin}${address}`);
        assert.equal(await readCode(visit), `${origin}${address}`);
        visit.assertQuiet();
      }
    }
  });

  it("is entered and left by P, with the place, the focus and the address kept", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/?lang=en`);
    await visit.stanzas(2);
    const css = () => visit.loaded().filter((path) => path.endsWith("present.css")).length;
    assert.equal(css(), 0, "what it needs is loaded when it is needed");
    for (const [selector, key] of [
      ["#choice", "p"],
      ["#marks", "p"],
    ]) {
      await visit.$(selector).focus();
      await press(visit, key);
      assert.equal(await visit.$("body[data-present]").count(), 0, `${selector} keeps its keys`);
    }
    await visit.$("#hold").focus();
    await press(visit, "Control+p").catch(() => {});
    assert.equal(await visit.$("body[data-present]").count(), 0);
    await press(visit, "p");
    await visit.$(".present .l").first().waitFor();
    assert.equal(css(), 1);
    assert.equal(visit.page.url(), `${origin}/?lang=en&present=`);
    assert.equal(await visit.$(".frame").isVisible(), false);
    await press(visit, "p");
    await visit.$(".frame").waitFor();
    assert.equal(visit.page.url(), `${origin}/?lang=en`);
    assert.equal(await visit.page.evaluate(() => document.activeElement.id), "hold");
    assert.equal(await visit.$(".present").count(), 0);
    // The key can be switched off; the button remains.
    await visit.$("#keys").uncheck();
    await visit.$("#hold").focus();
    await press(visit, "p");
    assert.equal(await visit.$("body[data-present]").count(), 0);
    await visit.$("#present-on").click();
    await visit.$(".present").waitFor();
    await press(visit, "Escape");
    await visit.$(".frame").waitFor();
    visit.assertQuiet();
  });

  it("holds and moves among what has come, while the reading goes on", async () => {
    const { origin } = await startDante(["--poem", poemFile(2000), "--interval", "300ms"]);
    const visit = await open(`${origin}/sse/?present`);
    await visit.stanzas(4);
    await press(visit, " ");
    const held = Number((await verse(visit)).split(" ")[1]);
    await visit.stanzas(held + 4);
    assert.equal(await verse(visit), `Stanza ${held}`);
    await visit.until(() => /behind/u.test(document.querySelector(".present-said").textContent));
    await press(visit, "ArrowLeft");
    await press(visit, "PageUp");
    await visit.until(
      (text) => document.querySelector(".present-verse").innerText === text,
      `Stanza ${held - 2}`,
    );
    await press(visit, "ArrowRight");
    await visit.until(
      (text) => document.querySelector(".present-verse").innerText === text,
      `Stanza ${held - 1}`,
    );
    await press(visit, " ");
    await visit.until(
      (index) => Number(document.querySelector(".present-verse").innerText.split(" ")[1]) > index,
      held + 3,
    );
    assert.equal(await visit.text(".present-said"), "");
    visit.assertQuiet();
  });

  it("in a room holds and moves the room, for whoever conducts it, and only the view for others", async () => {
    const { origin } = await startDante(ARGS);
    const conductor = await open(`${origin}/room/class-3?present#conduct=${TOKEN}`);
    const reader = await open(`${origin}/room/class-3?present`);
    const at = (index) => (visit) =>
      visit.until((wanted) => document.querySelector(".stanza.now")?.dataset.index === wanted, String(index));
    await conductor.state("held");
    await reader.state("held");
    await conductor.$(".present-readers", { hasText: "2 readers" }).waitFor();
    assert.match(await conductor.text(".present-said"), /Held by the conductor/u);
    assert.equal(await conductor.text(".present-keys"), "Space holds the room. ← → move the room.");
    await press(conductor, "ArrowRight");
    await Promise.all([conductor, reader].map(at(1)));
    await press(conductor, "PageDown");
    await Promise.all([conductor, reader].map(at(2)));
    await press(conductor, "ArrowLeft");
    await Promise.all([conductor, reader].map(at(1)));
    await reader.state("held");
    await press(reader, " ");
    await press(conductor, " ");
    await Promise.all([conductor, reader].map((visit) => visit.state("streaming")));
    await conductor.stanzas(5);
    assert.match(await verse(reader), /^Ah me!/u, "the reader's own view is held");
    await press(conductor, " ");
    await conductor.state("held");
    // Its token is neither shown nor drawn.
    assert.equal(await readCode(conductor), `${origin}/room/class-3`);
    assert.ok(!(await conductor.page.content()).includes(TOKEN));
  });

  it("says when the stream is lost, and shows what came last", async () => {
    const dante = await startDante(ARGS);
    const visit = await open(`${dante.origin}/?present`);
    await visit.stanzas(3);
    await dante.end("SIGKILL");
    await visit.state("lost");
    await visit.until(
      () => document.querySelector(".present-said").textContent === "The connection was lost.",
    );
    assert.ok((await verse(visit)).length > 0);
  });

  it("on paper is the poem, as of any reading page", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/room/paper?present`);
    await visit.$(".present .l").first().waitFor();
    await visit.page.emulateMedia({ media: "print" });
    assert.deepEqual(
      await Promise.all(
        [".present", ".room", ".running", "#poem", ".stanza"].map((part) =>
          visit.$(part).first().isVisible(),
        ),
      ),
      [false, false, false, true, true],
    );
    await visit.screenshot("present-print");
  });

  it("keeps the screen on while it is seen, where the browser can", async () => {
    const { origin } = await startDante(ARGS);
    const visit = await open(`${origin}/`, {
      prepare: (page) =>
        page.addInitScript(() => {
          window.locks = [];
          Object.defineProperty(navigator, "wakeLock", {
            value: {
              request: async (kind) => {
                window.locks.push(kind);
                return { release: async () => window.locks.push("released") };
              },
            },
          });
        }),
    });
    await visit.stanzas(1);
    await press(visit, "p");
    await visit.$(".present").waitFor();
    await press(visit, "p");
    await visit.until(() => window.locks.length === 2);
    assert.deepEqual(await visit.page.evaluate(() => window.locks), ["screen", "released"]);
  });
});
