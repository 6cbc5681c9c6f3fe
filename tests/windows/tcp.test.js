// dante.exe on TCP, started by hand.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

import { connect, END, follow } from "../js/support.js";
import { poemFile, startDante } from "../support/dante.js";
import { onWindows } from "./support.js";

const STANZAS = 20;

test("dante.exe serves a page and streams, and Ctrl-C ends it well", { timeout: 60_000 }, async () => {
  const dante = await startDante(["--poem", onWindows(poemFile(STANZAS)), "--interval", "50ms"]);
  const page = await (await fetch(`${dante.origin}/`)).text();
  assert.match(page, /socket\.io\/socket\.io\.js/);
  for (const transport of ["websocket", "polling"]) {
    const heard = follow(connect("4", dante.origin, { transports: [transport] }));
    await heard.end();
    heard.assertWhole(STANZAS);
    assert.equal(heard.log.at(-1), END);
  }
  assert.equal(await dante.end("SIGINT"), 0);
});

/** Runs `dante` to its end. */
async function run(args) {
  const child = spawn(process.env.DANTE_BIN, args, { stdio: ["ignore", "ignore", "pipe"] });
  const closed = once(child, "close");
  let said = "";
  for await (const part of child.stderr.setEncoding("utf8")) said += part;
  const [code] = await closed;
  return { code, said };
}

test("a port in use is named, and the exit code is 1", { timeout: 60_000 }, async () => {
  const { port } = await startDante();
  const { code, said } = await run(["--listen", String(port)]);
  assert.equal(code, 1, said);
  assert.match(said, new RegExp(`dante: .*:${port} is in use`));
});

test("what Windows does not have is refused with exit code 2", { timeout: 60_000 }, async () => {
  const { code, said } = await run(["--listen", "unix:/run/dante.sock"]);
  assert.equal(code, 2, said);
  assert.match(said, /Unix domain sockets are not supported on Windows/);
});
