// A probe that does not come to its end: whoever reads has gone, or it is stopped or killed. It leaves no browser, no profile and no
// word behind that nobody needs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { BINARY, startDante } from "../support/dante.js";
import { openFolder } from "../support/programs.js";
import { PACE, startHost, together } from "./support.js";

const dante = await startDante([...PACE]);
const NO_PROXIES = { NO_PROXY: "*", no_proxy: "" };
const LOOK_MS = 20;
/** How long it may take to end a browser, on a machine that is busy. */
const PATIENCE_MS = 20_000;

/** Starts a probe. `folder` is where a browser's profile would be. */
function start(url, args) {
  const folder = openFolder();
  const child = spawn(BINARY, ["probe", url, ...args], {
    env: { ...process.env, ...NO_PROXIES, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  after(() => child.kill("SIGTERM"));
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += text));
  const ended = once(child, "close").then(([code, signal]) => ({ code: code ?? signal, stderr }));
  return { child, folder, ended };
}

/** The command lines of the processes that know this folder. */
function processesOf(folder) {
  const lines = readdirSync("/proc").map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    } catch {
      // It is no process, or has ended.
      return "";
    }
  });
  return lines.filter((line) => line.includes(folder));
}

/** What is left of a browser: processes, and what lies in the folder. */
const leftOf = (folder) => [processesOf(folder), readdirSync(folder)];

/** A host that tells when a browser has a stream open. */
async function startTelling() {
  let tell;
  const opened = new Promise((resolve) => (tell = resolve));
  const url = await startHost(dante.port, {
    ask: ({ headers }) => {
      if (headers["accept"] === "text/event-stream" && headers["sec-fetch-dest"]) tell();
    },
  });
  return { url: `${url}/`, opened };
}

/** Leaves after the first line, as `head -1` does. */
async function readOneLine({ child }) {
  let text = "";
  for await (const part of child.stdout) {
    text += part;
    if (text.includes("\n")) break;
  }
}

/** Waits until nothing is left: the system takes a moment for what was killed, and that tells nobody. */
async function nothingLeft(folder) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (leftOf(folder).flat().length > 0) await delay(LOOK_MS, undefined, { signal });
}

together("a reader who leaves after the first line", {
  async "of a report"() {
    const all = [[], ["--verbose"], ["--watch", "5m"], ["--watch", "5m", "--json"]].map(async (args) => {
      const probe = start(dante.origin, args);
      await readOneLine(probe);
      assert.deepEqual(await probe.ended, { code: 1, stderr: "" }, args.join(" "));
    });
    await Promise.all(all);
  },
  async "of a document, whose outcome is known by then"() {
    const probe = start(dante.origin, ["--json", "--transports", "sse"]);
    await readOneLine(probe);
    assert.deepEqual(await probe.ended, { code: 0, stderr: "" });
  },
  async "of a report with a browser, which is ended"() {
    const probe = start(dante.origin, ["--browser"]);
    await readOneLine(probe);
    assert.deepEqual(await probe.ended, { code: 1, stderr: "" });
    await nothingLeft(probe.folder);
  },
});

together("a probe that is stopped", {
  async "before there is anything to watch"() {
    for (const signal of ["SIGINT", "SIGTERM"]) {
      const probe = start(dante.origin, ["--watch", "5m"]);
      await once(probe.child.stdout, "data");
      probe.child.kill(signal);
      assert.deepEqual(await probe.ended, { code: 1, stderr: `dante: stopped by ${signal}\n` });
    }
  },
  async "while its browser has streams open"() {
    const { url, opened } = await startTelling();
    const probe = start(url, ["--browser"]);
    await opened;
    assert.notDeepEqual(processesOf(probe.folder), []);
    probe.child.kill("SIGTERM");
    assert.deepEqual(await probe.ended, { code: 1, stderr: "dante: stopped by SIGTERM\n" });
    await nothingLeft(probe.folder);
  },
  async "by force, while its browser has streams open"() {
    const { url, opened } = await startTelling();
    const probe = start(url, ["--browser"]);
    await opened;
    probe.child.kill("SIGKILL");
    assert.deepEqual(await probe.ended, { code: "SIGKILL", stderr: "" });
    await nothingLeft(probe.folder);
  },
});
