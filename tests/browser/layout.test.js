// Where the parts of the pages stand: side by side in a wide window, beneath one another in a narrow one. Places are compared with
// each other, never with numbers, so that spacing may change and a lost grid may not.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const HEIGHT = 900;
const FAST = ["--interval", "150ms"];

/** Where parts stand, all at one moment, since the page scrolls as stanzas come; a part that is not shown fails. */
async function places(visit, ...selectors) {
  const boxes = await visit.page.evaluate(
    (all) =>
      all.map((selector) => {
        const box = document.querySelector(selector).getBoundingClientRect();
        const { left, top, right, bottom, width, height } = box;
        return { selector, left, top, right, bottom, width, height };
      }),
    selectors,
  );
  for (const { selector, width, height } of boxes) assert.ok(width && height, `${selector} is not shown`);
  return boxes;
}

/** Asserts of each two neighbours that the first ends before the second begins; half a pixel is a browser's rounding. */
function inOrder(boxes, end, start) {
  boxes.slice(1).forEach((box, at) => {
    const before = boxes[at];
    assert.ok(
      before[end] <= box[start] + 0.5,
      `${before.selector} ends at ${before[end]}, ${box.selector} begins at ${box[start]}`,
    );
  });
}

/** Asserts that parts stand beside one another: one after the other, and each within the height of the first. */
function beside(boxes) {
  inOrder(boxes, "right", "left");
  const [first] = boxes;
  for (const { selector, top, bottom } of boxes) {
    assert.ok(top < first.bottom && bottom > first.top, `${selector} is not beside ${first.selector}`);
  }
}

/** Asserts that parts stand beneath one another, each as wide as nearly all of the window. */
function beneath(boxes, width) {
  inOrder(boxes, "bottom", "top");
  for (const box of boxes) assert.ok(box.width > width * 0.8, `${box.selector} is ${box.width} wide`);
}

/** Asserts that none of a list of parts reaches out of the window sideways. */
function within(boxes, width) {
  for (const { selector, left, right } of boxes) {
    assert.ok(left >= 0 && right <= width, `${selector} is from ${left} to ${right}`);
  }
}

describe("layout", { concurrency: 2 }, () => {
  const open = useBrowser();

  /** A page in a window of this width, when something has come. */
  async function opened(page, width) {
    const { origin } = await startDante(FAST);
    const visit = await open(`${origin}/${page}`, { viewport: { width, height: HEIGHT } });
    if (page === "") await visit.stanzas(3);
    return visit;
  }

  it("1440 px: contents, poem and stream side by side, the title over the contents", async () => {
    const visit = await opened("", 1440);
    const columns = await places(visit, ".side", "main", ".panel");
    beside(columns);
    within(columns, 1440);
    const [, poem, panel] = columns;
    assert.ok(poem.width > panel.width, "the poem has most of the room");
    inOrder(await places(visit, ".side .mast", ".side .contents"), "bottom", "top");
  });

  it("1100 px: poem and stream side by side, the contents behind a button", async () => {
    const visit = await opened("", 1100);
    beside(await places(visit, "main", ".panel"));
    assert.ok(await visit.$("#contents").isHidden());
    await visit.$(".open-contents").click();
    assert.ok(await visit.$("#contents").isVisible());
  });

  it("320 px: title and poem beneath one another, contents and stream behind the dock", async () => {
    const visit = await opened("", 320);
    beneath(await places(visit, ".mast", "main"), 320);
    const [dock] = await places(visit, ".dock");
    assert.ok(dock.width === 320 && Math.abs(dock.bottom - HEIGHT) < 1, "the dock is at the window's foot");
    for (const sheet of ["contents", "panel"]) {
      assert.ok(await visit.$(`#${sheet}`).isHidden(), sheet);
      await visit.$(`.dock [aria-controls="${sheet}"]`).click();
      const [box] = await places(visit, `#${sheet}`);
      within([box], 320);
      assert.ok(box.width > 320 * 0.8, `${sheet} is ${box.width} wide`);
      await visit.page.keyboard.press("Escape");
      await visit.$(`#${sheet}`).waitFor({ state: "hidden" });
    }
  });

  const cells = [1, 2, 3, 4].map((at) => `[data-figure="median"] td:nth-of-type(${at})`);
  const names = [1, 2, 3, 4].map((at) => `.comparison thead th:nth-of-type(${at})`);

  it("1440 px: the comparison's four transports are columns, and what a row is about stands before them", async () => {
    const visit = await opened("compare/", 1440);
    beside(await places(visit, ...names));
    beside(await places(visit, '[data-figure="median"] th', ...cells));
  });

  it("320 px: the comparison's columns stay, and what a row is about stands above them", async () => {
    const visit = await opened("compare/", 320);
    const columns = await places(visit, ...names);
    beside(columns);
    within(columns, 320);
    beside(await places(visit, ...cells));
    inOrder(await places(visit, '[data-figure="median"] th', cells[0]), "bottom", "top");
  });
});
