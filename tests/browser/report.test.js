// The numbers and the report: figures of timing, facts that grow old, the log of frames on each transport, and reports that
// are copied, saved, and read by dante probe.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { BINARY, poemFile, startDante } from "../support/dante.js";
import { startBehindRelay, useBrowser } from "./support.js";

const FAST = ["--interval", "200ms"];
const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

/** The kinds in the log, the oldest first, with names and codes. */
const frames = (visit) =>
  visit.$("#frame-rows tr").evaluateAll((rows) =>
    rows
      .map(({ children }) => {
        const [, over, way, kind, bytes, code] = [...children].map(({ innerText }) => innerText.trim());
        return [way.replace(/\s.*/s, ""), over, kind, bytes && "B", code].filter(Boolean).join(" ");
      })
      .reverse(),
  );

/** Waits until the log has a line like this. */
const logged = (visit, text) => visit.$("#frame-rows tr").filter({ hasText: text }).first().waitFor();

/** Saves the report, and returns its file's path, name and content. */
async function saved(visit) {
  const [download] = await Promise.all([visit.page.waitForEvent("download"), visit.$("#save").click()]);
  const path = await download.path();
  const { readFile } = await import("node:fs/promises");
  return { path, name: download.suggestedFilename(), report: JSON.parse(await readFile(path, "utf8")) };
}

async function copied(visit) {
  await visit.$("#copy").click();
  await visit.$("#copy").filter({ hasText: "Report copied" }).waitFor();
  return visit.page.evaluate(() => navigator.clipboard.readText());
}

/** What dante probe prints, and how it ends. */
async function probe(...args) {
  try {
    const { stdout } = await promisify(execFile)(BINARY, ["probe", ...args]);
    return { stdout, code: 0 };
  } catch ({ stdout, stderr, code }) {
    return { stdout, stderr, code };
  }
}

describe("numbers and reports", { concurrency: 2 }, () => {
  const open = useBrowser();

  it("timing has its figures, and nothing below the line of time", async () => {
    const { origin } = await startDante(FAST);
    const visit = await open(`${origin}/websocket/`);
    await visit.stanzas(5);
    await visit.$("#t-jitter").filter({ hasText: "ms" }).waitFor();
    for (const id of ["t-p50", "t-p95", "t-worst"]) {
      assert.match(await visit.text(`#${id}`), /^(0|\+[\d.]+) m?s$/, id);
    }
    assert.match(await visit.text("#t-jitter"), /^[\d.]+ ms$/);
    assert.match(await visit.text("#spread"), /^last \d+$/);
    assert.match(await visit.$("#plot").getAttribute("aria-label"), /Median .* worst of the last minute/);
    const lowest = await visit.$("#plot").evaluate((plot) => {
      const line = Number(plot.querySelector(".zero").getAttribute("y1"));
      return [...plot.querySelectorAll("circle")].every((dot) => Number(dot.getAttribute("cy")) <= line);
    });
    assert.ok(lowest);
    visit.assertQuiet();
  });

  it("an event stream that comes back says how long its last attempt took, and old facts say so", async () => {
    const dante = await startDante(FAST);
    const visit = await open(`${dante.origin}/sse/`);
    await visit.stanzas(2);
    await visit.$("#f-server").filter({ hasText: "dante" }).waitFor();
    assert.equal(await visit.text("#f-age"), "");
    await dante.end("SIGKILL");
    await visit.$("#facts.old").waitFor();
    assert.match(await visit.text("#f-age"), /^as of \d\d:\d\d:\d\d$/);
    const style = await visit.$("#f-server").evaluate((fact) => getComputedStyle(fact).textDecorationStyle);
    assert.equal(style, "dashed");
    // Long enough for the time since the first attempt to be told from that of the last one.
    await visit.until(() => window.notes.said.message.filter((said) => /Trying/.test(said)).length >= 4);
    const away = await visit.page.evaluate(() => performance.now());
    await startDante(FAST, { port: dante.port });
    await visit.$(".break").waitFor();
    const outage = Number(/for ([\d.]+) s/.exec(await visit.text(".break"))[1]) * 1000;
    const took = Number(/opened in ([\d,]+) ms/.exec(await visit.text("#how"))[1].replace(",", ""));
    assert.ok(took < outage / 2, `${took} ms of ${outage} ms, away at ${away}`);
    await visit.$("#facts:not(.old)").waitFor();
    assert.equal(await visit.text("#f-age"), "");
  });

  for (const [page, choice, lines] of [
    [
      "",
      "socketio-websocket",
      [/^ws open$/, /^↓ ws open B$/, /^↑ ws message connect B$/, /^↓ ws message divinecomedy B$/],
    ],
    [
      "",
      "socketio-polling",
      [/^↓ poll GET B 200$/, /^↑ poll POST B 200$/, /^↓ poll message divinecomedy B$/],
    ],
    [
      "websocket/",
      "websocket",
      [/^ws attempt \/websocket\/ws$/, /^↓ ws text reading B$/, /^↓ ws text divinecomedy B$/],
    ],
    ["sse/", "sse", [/^sse open$/, /^↓ sse event reading .*B$/, /^↓ sse event divinecomedy id \S+ B$/]],
  ]) {
    it(`?debug opens the log of frames: ${choice}`, async () => {
      const { origin } = await startDante(["--poem", poemFile(400), ...FAST]);
      const visit = await open(`${origin}/${page}?debug`);
      assert.ok(await visit.$("#frames").evaluate((details) => details.open));
      if (choice.startsWith("socketio-")) await visit.$("#choice").selectOption(choice);
      await logged(visit, "divinecomedy");
      await logged(visit, "connected");
      const found = await frames(visit);
      const missing = lines.filter((line) => !found.some((one) => line.test(one)));
      assert.deepEqual(missing, [], found.join("\n"));
      assert.ok(!/sid=(?!…)|Stanza \d/.test(found.join("\n")), found.join("\n"));
      // Links to other pages keep it open.
      assert.match(await visit.$(".mast a").last().getAttribute("href"), /\?debug$/);
      await visit.assertAccessible(`frames of ${choice}`);
    });
  }

  it("a close code is logged, and the log is drawn only while it is open", async () => {
    const dante = await startDante(FAST);
    const visit = await open(`${dante.origin}/websocket/`);
    await visit.stanzas(2);
    assert.equal(await visit.$("#frame-rows tr").count(), 0);
    await visit.$("#frames summary").focus();
    await visit.page.keyboard.press("Enter");
    await logged(visit, "divinecomedy");
    await dante.end("SIGTERM");
    await logged(visit, "lost");
    const found = await frames(visit);
    assert.ok(
      found.some((line) => /^↓ ws close .*1012$/.test(line)),
      found.join("\n"),
    );
  });

  it("a report is copied and saved, and dante probe reads it, alone and beside its own", async () => {
    const url = await startBehindRelay(FAST, { blockWebSocket: true });
    const visit = await open(url, CLIPBOARD);
    await visit.state("polling");
    await visit.stanzas(4);
    const text = await copied(visit);
    assert.match(text, /^socketio-websocket: failed \(blocked, .*\); upgrade-refused; 0 stanzas$/m);
    // A busy machine may hold stanzas back itself.
    assert.match(
      text,
      /^socketio-polling: (good \(streaming\)|degraded \(bursts\)); .*\d+ stanzas; .*p50 .*p95 .*jitter/m,
    );
    assert.match(text, /socketio polling in message divinecomedy \d+ B$/m);
    const { name, path, report } = await saved(visit);
    assert.match(name, /^dante-report-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.json$/);
    assert.deepEqual([report.format, report.version, report.page], ["dante-page-report", 1, "read"]);
    assert.ok(report.frames.length > 4 && report.hosting.version);

    const alone = await probe("--report", path);
    assert.equal(alone.code, 3, alone.stderr);
    assert.match(alone.stdout, /socket\.io websocket +blocked/);
    assert.match(alone.stdout, /DEGRADED: 1 of 2 transports stream/);
    assert.match(alone.stdout, /^upgrade-refused /m);
    const json = JSON.parse((await probe("--report", path, "--json")).stdout);
    assert.equal(json.transports[0].verdicts[0].id, "upgrade-refused");

    const both = await probe("--report", path, url, "--timeout", "5s");
    assert.equal(both.code, 3, both.stderr);
    assert.match(both.stdout, /The browser and this probe/);
    assert.match(
      both.stdout,
      /socket\.io websocket +browser: does not work \(upgrade-refused\); probe:\s+does\s+not\s+work/,
    );
  });

  it("dante probe says where the browser saw what it does not see", async () => {
    const { origin } = await startDante(FAST);
    const visit = await open(`${origin}/`, {
      ...CLIPBOARD,
      // Something on this device that accepts WebSockets and closes them, which the host knows nothing of.
      prepare: (page) => page.routeWebSocket(/socket\.io/, (socket) => socket.close()),
    });
    await visit.stanzas(3);
    const { path, report } = await saved(visit);
    assert.deepEqual(
      report.transports.map(({ transport, outcome }) => `${transport} ${outcome}`),
      ["socketio-websocket failed", "socketio-polling good"],
    );
    const { stdout } = await probe("--report", path, `${origin}/`);
    assert.match(stdout, /browser: does not work.*probe: good/s);
    assert.match(stdout, /the browser's way differs/);
  });

  it("the comparison has a report, too", async () => {
    const url = await startBehindRelay(FAST, { blockWebSocket: true });
    const visit = await open(`${url}compare/`, CLIPBOARD);
    await visit.state("blocked");
    const text = await copied(visit);
    for (const name of ["socketio-websocket", "socketio-polling", "websocket", "sse"]) {
      assert.match(text, new RegExp(`^${name}: `, "m"));
    }
    const { path, report } = await saved(visit);
    assert.deepEqual([report.page, report.transports.length], ["compare", 4]);
    const { stdout, code } = await probe("--report", path);
    assert.equal(code, 3);
    assert.match(stdout, /DEGRADED: 2 of 4 transports stream/);
    await visit.assertAccessible("compare with its report");
  });
});
