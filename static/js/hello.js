// The Hello exchange: a message to the server, its answer, and how long that took. It has a namespace of its
// own, so that no poem is streamed meanwhile.

import { noClient } from "./client-library.js";
import { number } from "./format.js";
import { policyAgainst } from "./policy.js";
import { within } from "./reasons.js";
import { HANDSHAKE_PENDING } from "./stream/causes.js";
import { watchHandshake } from "./stream/handshake.js";
import { placesOf } from "./stream/stream.js";
import { t } from "./strings.js";
import { Dots } from "./view/dots.js";
import { Wire } from "./view/wire.js";

const PATIENCE_MS = 5000;
/** How many tries are drawn. */
const KEEP = 60;

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [answer, ms, status, start, spread] = ["answer", "ms", "status", "start", "spread"].map(part);
const plot = part("dots");
const dots = new Dots(plot);
const wire = new Wire(part("track"));

const { root, transports } = placesOf();
const path = new URL("socket.io/", root).pathname;
const client = typeof io !== "undefined";
const socket = client ? io("/hello", { path, transports, tryAllTransports: true }) : null;

/** When each message that has no answer yet was sent. Answers come in the order of the messages. */
let sentAt = /** @type {number[]} */ ([]);
/** A click that waits for the connection. */
let wanted = false;
let timer = 0;
/** Round trips of the tries that are drawn, in milliseconds. */
let times = /** @type {number[]} */ ([]);
let tries = 0;

/** With tenths where whole milliseconds would be too coarse. @param {number} value */
const precise = (value) => number(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));

const over = () => t(`hello_over_${socket?.io.engine.transport.name}`);

/** @param {string} name @param {string} sentence */
function state(name, sentence) {
  document.body.dataset.state = name;
  // Once an answer is shown, the sentence about it stays beside it.
  if (name !== "connected" || !ms.textContent) status.textContent = sentence;
}

/** @param {string} text @param {"" | "quiet" | "failed" | "long"} kind */
function showAnswer(text, kind, time = "") {
  answer.textContent = text;
  answer.className = kind;
  ms.textContent = time;
}

function rest() {
  showAnswer(t("hello_idle"), "quiet");
  wire.rest();
}

function ask() {
  wanted = false;
  showAnswer(t("hello_waiting"), "quiet");
  status.textContent = t("hello_connected", { over: over() });
  wire.send();
  sentAt.push(performance.now());
  socket?.emit("sendMessage", { message: "Hello" });
}

/** No answer will come, neither to an open message nor to a click that waits for the connection. */
function giveUp(/** @type {string} */ text, /** @type {string} */ why) {
  clearTimeout(timer);
  wanted = false;
  showAnswer(text, "failed");
  status.textContent = why;
  wire.fail();
}

function impatient() {
  if (socket?.connected) giveUp(t("hello_none"), t("hello_silence", { s: number(PATIENCE_MS / 1000) }));
  else giveUp(t("hello_unconnected"), status.textContent ?? "");
}

/** @param {{message?: string, error?: string}} reply */
function answered({ message, error }) {
  const since = sentAt.shift();
  // An answer that nobody has asked for.
  if (since === undefined) return;
  const time = performance.now() - since;
  // A newer message is still open.
  if (sentAt.length) return;
  clearTimeout(timer);
  if (message === undefined) {
    giveUp(error ?? "", t("hello_error"));
    answer.className = "long";
    return;
  }
  showAnswer(message, message.length > 24 ? "long" : "", t("hello_ms", { ms: precise(time) }));
  status.textContent = t("hello_how", { over: over() });
  start.textContent = t("hello_again");
  wire.receive();
  tries += 1;
  times = [...times, time].slice(-KEEP);
  draw(time);
}

/** @param {number} newest */
function draw(newest) {
  const sorted = times.toSorted((one, next) => one - next);
  dots.draw(times);
  spread.textContent = t("hello_tries", { n: number(tries), m: precise(sorted[sorted.length >> 1]) });
  plot.setAttribute("aria-label", t("hello_plot", { hi: number(dots.high), ms: precise(newest) }));
  part("tries").hidden = false;
}

function click() {
  clearTimeout(timer);
  if (!client) {
    giveUp(t("hello_unconnected"), noClient(`${path}socket.io.js`));
    return;
  }
  timer = window.setTimeout(impatient, PATIENCE_MS);
  if (socket?.connected) {
    ask();
    return;
  }
  // Connecting is not part of the round trip.
  wanted = true;
  showAnswer(t("hello_holding"), "quiet");
  if (!socket?.active) socket?.connect();
}

/** @param {string} reason */
function broken(reason) {
  const open = sentAt.length > 0;
  sentAt = [];
  const why = { reason: within(reason) };
  state("lost", t("hello_lost", why));
  if (open) giveUp(t("hello_none"), t("hello_broken", why));
}

start.addEventListener("click", click);

if (socket) {
  socket.on("connect", () => {
    // "Not connected" no longer holds.
    if (answer.textContent === t("hello_unconnected")) rest();
    state("connected", t("hello_connected", { over: over() }));
    socket.io.engine.on("upgrade", () => state("connected", t("hello_connected", { over: over() })));
    if (wanted) ask();
  });
  watchHandshake(socket, (reason) => {
    // The client has a limit of its own for that.
    if (reason === HANDSHAKE_PENDING) return;
    const left = transports.slice(transports.indexOf("websocket") + 1);
    // Without another transport, the client itself keeps trying this one.
    if (!left.length) return;
    socket.io.opts.transports = left;
    // The client may be in the midst of closing the engine, and would close the next one with it.
    queueMicrotask(() => socket.disconnect().connect());
  });
  socket.on("disconnect", broken);
  socket.on("connect_error", ({ message }) => {
    const policy = policyAgainst(root) || policyAgainst(root, true);
    const why = { reason: within(policy || message) };
    if (socket.active) state("lost", t("hello_failed", why));
    else state("refused", t("hello_refused", why));
    if (wanted && !socket.active) giveUp(t("hello_unconnected"), status.textContent ?? "");
  });
  socket.on("helloBack", answered);
} else {
  const missing = () => state("refused", noClient(`${path}socket.io.js`));
  missing();
  document.addEventListener("explained", missing);
}
