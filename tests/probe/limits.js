// What limits do to connections on their way, and how the probe measures them.

import assert from "node:assert/strict";

import { Frames } from "../support/frames.js";
import { describeVerdict, probe, withoutStalls } from "./support.js";

export const isSse = ({ url }) => url.startsWith("/sse/");

/** Passes an event stream on, and does something to it. */
export const onEvents = (spoil) => ({
  pass(request, from, response) {
    if (!isSse(request)) return false;
    response.writeHead(from.statusCode, from.headers).flushHeaders();
    spoil(from, response);
    return true;
  },
});

/** Does something to each WebSocket. */
export const onTunnel = (spoil) => ({
  tunnelled(_request, client, upstream) {
    spoil(client, upstream);
  },
});

/** Sees each frame before it is passed on. */
export const onFrames = (spoil) =>
  onTunnel((client, upstream) => {
    upstream.unpipe(client).resume();
    const frames = new Frames(
      (frame) => spoil(frame, client, upstream),
      (head) => client.write(head),
    );
    upstream.on("data", (part) => frames.feed(part));
  });

export const cut = (...sockets) => sockets.forEach((socket) => socket.destroy());

/** Cuts when nothing has come from one of these for so long. */
export function cutSilence(ms, watched, cutAll) {
  let timer = setTimeout(cutAll, ms);
  for (const socket of watched) {
    socket.on("data", () => {
      clearTimeout(timer);
      timer = setTimeout(cutAll, ms);
    });
    socket.once("close", () => clearTimeout(timer));
  }
}

/**
 * Probes, and expects these verdicts and no others.
 * @param {Record<string, number | [number, number] | RegExp>} expected of each verdict, as `describeVerdict` writes it, what its evidence says: the
 *   seconds, to 5 % and a little noise; no less and no more than these; or words
 */
export async function expectLimits(url, args, expected, options) {
  const document = await probe(url, args, options);
  document.verdicts = withoutStalls(document.verdicts);
  const evidence = document.verdicts.map((verdict) => `${describeVerdict(verdict)}: ${verdict.evidence}`);
  assert.deepEqual(document.verdicts.map(describeVerdict), Object.keys(expected), evidence.join("\n"));
  for (const [index, wanted] of Object.values(expected).entries()) {
    const text = document.verdicts[index].evidence;
    if (wanted instanceof RegExp) {
      assert.match(text, wanted);
      continue;
    }
    const [least, most] = Array.isArray(wanted) ? wanted : [wanted * 0.95 - 0.3, wanted * 1.05 + 0.3];
    const seconds = Number(text.match(/([\d.]+) s\b/)?.[1]);
    assert.ok(seconds >= least && seconds <= most, `${seconds} s in: ${text}`);
  }
  return document;
}
