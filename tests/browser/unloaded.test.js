// A page whose files do not all come: whatever is refused, broken or kept back, the page says which file and why, and offers the poem.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startMeddler } from "../support/meddler.js";
import { stanzas, useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "200ms"];
const LIMITED = / 429 Too Many Requests: a rate limit refused it\. /;

/** Answers what has such a URL in this way. */
const instead = (pattern, answer) => (url) => (pattern.test(url) ? answer : undefined);

describe("a file that does not come", { concurrency: 2 }, () => {
  const open = useBrowser();

  async function visit(page, options, how = {}) {
    const { origin } = await startDante(ARGS);
    const meddler = await startMeddler(origin, options);
    return { ...meddler, visit: await open(`${meddler.origin}/${page}`, how) };
  }

  /** Asserts that the page says that it could not start, with the poem as text and another try at hand; gives what it says. */
  async function unstarted({ page, $, text }) {
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.equal(await page.locator(".unloaded").count(), 1);
    const said = await alert.innerText();
    assert.match(said, /^The page could not start\./);
    const link = alert.getByRole("link", { name: "Read the poem as plain text" });
    const poem = await page.request.get(await link.evaluate((a) => a.href));
    assert.match(await poem.text(), /^stanza 0/i);
    assert.ok(await alert.getByRole("button", { name: "Try again" }).isVisible());
    return { said, $, text };
  }

  for (const [page, script] of [
    ["", "read"],
    ["websocket/", "read"],
    ["compare/", "compare"],
    ["hello/", "hello"],
  ]) {
    it(`/${page}: its script is refused by a rate limit; another try starts it`, async () => {
      let refused = 0;
      const name = `js/${script}.js`;
      // The page asks once more, to know why.
      const answer = (url) => (url.endsWith(name) && (refused += 1) <= 2 ? { status: 429 } : undefined);
      const { visit: met } = await visit(page, { answer });
      const { said } = await unstarted(met);
      assert.match(said, LIMITED);
      assert.ok(said.includes(`/${name} did not load.`), said);
      assert.equal(await met.$("body").getAttribute("data-state"), "refused");
      assert.doesNotMatch(await met.text("body"), /Connecting|Opening/);
      await met.assertAccessible(page);
      refused = 2;
      await met.page.getByRole("button", { name: "Try again" }).click();
      await met.$("[data-started]").waitFor({ state: "attached" });
      assert.equal(await met.$(".unloaded").count(), 0);
    });
  }

  for (const [name, answer, why] of [
    ["404", { status: 404 }, /The answer was 404 Not Found\. Check the prefix and the proxy’s route/],
    ["403", { status: 403 }, /The answer was 403 Forbidden\. Check what the proxy or the firewall/],
    ["502", { status: 502 }, /The answer was 502 Bad Gateway\. The proxy in front may not reach the server/],
    ["503", { status: 503 }, /503 Service Unavailable: the proxy does not reach the server, or a rate limit/],
    ["599", { status: 599 }, /The answer was 599\. The proxy in front/],
    ["a login in its place", { status: 200 }, /What came is text\/html: something else answers/],
    [
      "a script that is none",
      { status: 200, type: "text/javascript", body: "let x = ;" },
      /The page’s script broke off: .*SyntaxError/,
    ],
  ]) {
    it(`the page's script: ${name}`, async () => {
      const { visit: met } = await visit("", { answer: instead(/js\/read\.js/, answer) });
      assert.match((await unstarted(met)).said, why);
    });
  }

  it("in Italian", async () => {
    const { visit: met } = await visit("?lang=it", { answer: instead(/js\/read\.js/, { status: 429 }) });
    const alert = met.page.getByRole("alert");
    await alert.waitFor();
    assert.match(
      await alert.innerText(),
      /^La pagina non è partita\.\s.* 429 Troppe richieste: l’ha rifiutato/s,
    );
    assert.ok(await alert.getByRole("link", { name: "Leggi il poema come testo semplice" }).isVisible());
  });

  for (const [page, style] of [
    ["", "read"],
    ["compare/", "compare"],
    ["hello/", "hello"],
  ]) {
    it(`/${page}: without its style it works, and says so quietly`, async () => {
      const { visit: met } = await visit(page, { answer: instead(/\.css/, { status: 429 }) });
      const notice = met.page.locator(".unloaded");
      await notice.waitFor();
      assert.equal(await notice.getAttribute("role"), "status");
      const said = await notice.innerText();
      assert.match(said, /^The page’s style did not load\./);
      assert.match(said, LIMITED);
      assert.ok(said.includes(`/css/${style}.css`), said);
      await met.$("[data-started]").waitFor({ state: "attached" });
      if (page) return;
      await met.stanzas(3);
      assert.deepEqual((await met.parts()).slice(0, 3), stanzas(3));
    });
  }

  it("the client library: the page says why, in its own place", async () => {
    for (const [page, place] of [
      ["", "#how"],
      ["compare/", "#verdict"],
      ["hello/", "#status"],
    ]) {
      const { visit: met } = await visit(page, { answer: instead(/socket\.io\.js/, { status: 429 }) });
      await met.$(place).filter({ hasText: LIMITED }).waitFor();
      assert.match(
        await met.text(place),
        /did not load from \/socket\.io\/socket\.io\.js\. The answer was 429/,
      );
      assert.equal(await met.$(".unloaded").count(), 0);
    }
  });

  it("the first script itself: the page reads on without it", async () => {
    const { visit: met } = await visit("", { answer: instead(/guard\.js/, { status: 429 }) });
    await met.stanzas(3);
    assert.equal(await met.$(".unstarted").count(), 0);
  });

  it("a script that hangs is named, and the page starts when it comes", async () => {
    const { visit: met, release } = await visit(
      "",
      { answer: instead(/js\/read\.js/, "hang") },
      { wait: "commit" },
    );
    const alert = met.page.getByRole("alert");
    await alert.waitFor();
    assert.match(
      await alert.innerText(),
      /still loading\.\s*After ten seconds, this has not come: \S+\/js\/read\.js\./,
    );
    assert.ok(await met.$(".unstarted").isVisible());
    release();
    await met.stanzas(2);
    assert.equal(await met.$(".unloaded").count(), 0);
  });

  it("a style that hangs keeps neither the text nor the scripts back for ever", async () => {
    const { visit: met, release } = await visit("", { answer: instead(/\.css/, "hang") }, { wait: "commit" });
    await met.stanzas(2);
    const notice = met.page.locator(".unloaded");
    assert.match(await notice.innerText(), /style did not load.*After ten seconds, this has not come/);
    release();
    await notice.waitFor({ state: "detached" });
    await met.until(
      () => getComputedStyle(document.body).minWidth !== "0px" && document.styleSheets[0].media[0] === "all",
    );
  });
});
