// Connections that are cut regularly: found after two lifetimes that are alike, with the remedy that fits; and what only looks like it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { startHost } from "../support/host.js";
import { useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(1000), "--interval", "250ms"];
const STREAMS = /websocket\/ws|sse\/stream|transport=websocket/;

async function behind(manner) {
  const { origin } = await startDante(ARGS);
  return startHost(origin, (request) => (STREAMS.test(request.url ?? "") ? manner : undefined));
}

/** What the page says of the stream, as soon as it is this: it says something else while the stream is away. */
async function said(visit, pattern) {
  const found = await visit.page.waitForFunction(
    (wanted) => {
      const { textContent } = document.getElementById("how");
      return new RegExp(wanted).test(textContent) && textContent;
    },
    pattern,
    { polling: 50 },
  );
  return found.jsonValue();
}

describe("cut regularly", { concurrency: 3 }, () => {
  const open = useBrowser();

  for (const page of ["websocket/", "sse/"]) {
    it(`/${page}: at an age, although stanzas come`, async () => {
      const host = await behind({ cutMs: 3000 });
      const visit = await open(`${host.origin}/${page}`);
      await visit.state("cuts");
      assert.equal(await visit.text("#what"), "Streaming, but cut again and again.");
      const how = await said(visit, "^Cut every");
      const [, age] =
        /^Cut every ([\d.]+) s: raise the proxy’s time-out for whole requests\.$/.exec(how) ?? [];
      assert.ok(Number(age) > 2 && Number(age) < 4, how);
      await visit.assertAccessible("cuts");
      // It is no longer true of a stream that clearly outlives it.
      host.treat = () => undefined;
      await visit.state("streaming");
    });
  }

  it("after silence: the proxy's time-out for silence", async () => {
    const host = await behind({ muteMs: 1000, cutMs: 4000 });
    const visit = await open(`${host.origin}/sse/`);
    assert.match(
      await said(visit, "^Cut every"),
      /^Cut every \d(\.\d)? s, after \d(\.\d)? s of silence: raise the proxy’s time-out for silence\.$/,
    );
  });

  it("Compare: each transport has its reconnects and lifetimes, and the verdict the remedy", async () => {
    const host = await behind({ cutMs: 3000 });
    const visit = await open(`${host.origin}/compare/`);
    await visit
      .$("#verdict")
      .filter({ hasText: /Cut every [\d.]+ s: raise the proxy’s time-out for whole requests/ })
      .waitFor();
    await visit.until(() =>
      ["websocket", "sse"].every((choice) =>
        /^[\d.]+ · [\d.]+ s$/.test(
          document.querySelector(`[data-figure="lives"] [data-choice="${choice}"]`).textContent,
        ),
      ),
    );
    const figure = (name, choice) => visit.text(`[data-figure="${name}"] [data-choice="${choice}"]`);
    assert.ok(Number(await figure("reconnects", "websocket")) >= 1);
    assert.deepEqual(
      [await figure("reconnects", "socketio-polling"), await figure("lives", "socketio-polling")],
      ["0", "–"],
    );
  });

  it("a server that is restarted at equal ages is not the proxy's time-out", async () => {
    let dante = await startDante(ARGS);
    const { port } = dante;
    const visit = await open(`${dante.origin}/websocket/`);
    for (const stanza of [9, 18, 27]) {
      await visit.stanzas(stanza);
      await dante.end("SIGKILL");
      dante = await startDante(ARGS, { port });
    }
    await visit.stanzas(36);
    const { states } = await visit.notes();
    assert.ok(!states.includes("cuts"), states.join());
    assert.equal(await visit.text("#c-reconnects"), "3");
  });
});
