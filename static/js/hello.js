// The Hello exchange: a message there, an answer back, and how long that took. It has a namespace of its
// own, so that no poem is read meanwhile.

/* global io */
const main = document.querySelector("main");
const state = document.getElementById("status");
const answer = document.getElementById("answer");
const path = new URL(`${main.dataset.root}socket.io/`, location.href).pathname;

function say(sentence, name) {
  document.body.dataset.state = name;
  state.textContent = sentence;
}

if (typeof io === "undefined") {
  say(`The client library did not load from ${path}socket.io.js.`, "refused");
} else {
  const socket = io("/hello", { path, transports: main.dataset.transports.split(","), tryAllTransports: true });
  let started = 0;
  const how = () => (socket.io.engine.transport.name === "websocket" ? "over WebSocket" : "by long polling");

  socket.on("connect", () => say(`Connected ${how()}.`, "connected"));
  socket.on("disconnect", (reason) => say(`The connection broke off (${reason}). Trying again.`, "lost"));
  socket.on("connect_error", (error) => say(`No connection (${error.message}). Trying again.`, "lost"));
  socket.on("helloBack", ({ message, error }) => {
    answer.textContent = `${message ?? error} (${(performance.now() - started).toFixed(1)} ms)`;
  });
  document.getElementById("start").addEventListener("click", () => {
    answer.textContent = "";
    started = performance.now();
    socket.emit("sendMessage", { message: "Hello" });
  });
}
