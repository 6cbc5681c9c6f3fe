// The applications behind the hosts: each in a framework that people use, in as few lines as it takes (applications/), started
// once for all its hosts.

import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { launch } from "../support/programs.js";
import { wheel } from "../accuracy/hosts/programs.js";
import { watchAnswer, watchSocketio, watchWebSocket } from "./truth.js";

const RETRY_MS = 50;
const FOLDER = path.join(import.meta.dirname, "applications");

/** Waits for an answer: some servers listen before they have loaded the application. */
async function answers(port, signal) {
  await fetch(`http://127.0.0.1:${port}/`, { signal, method: "HEAD" }).catch(async () => {
    signal.throwIfAborted();
    await delay(RETRY_MS);
    await answers(port, signal);
  });
}

/** A program of the virtual environment, run in the folder of the applications. */
const python = (program, args, env) => async () =>
  await launch(
    wheel(program, "apps"),
    (_folder, port) => ({
      args: args(port),
      cwd: FOLDER,
      // The tests leave nothing in the repository.
      env: { PYTHONDONTWRITEBYTECODE: "1", ...env },
    }),
    { ready: answers },
  );

/** An application under a server of ASGI or WSGI, or a script of Node.js. */
export const uvicorn = (module, args = [], env = {}) =>
  python(
    "uvicorn",
    (port) => [module, "--host", "127.0.0.1", "--port", `${port}`, "--log-level", "warning", ...args],
    env,
  );
export const gunicorn = (module, args, env = {}) =>
  python(
    "gunicorn",
    (port) => ["--bind", `127.0.0.1:${port}`, "--log-level", "warning", ...args, module],
    env,
  );
export const node =
  (file, settings = {}) =>
  async () =>
    await launch(process.execPath, (_folder, port) => ({
      args: [path.join(FOLDER, file), JSON.stringify({ ...settings, port })],
    }));

/** How applications stream: what the probe is told, and what a client of this kind sees. */
export const SOCKETIO = {
  kind: "socketio",
  path: "/",
  args: ["--socketio", "/socket.io/"],
  watch: watchSocketio,
};
export const WEBSOCKET = {
  kind: "websocket",
  path: "/feed",
  quiet: "/quiet",
  args: [],
  watch: watchWebSocket,
};
export const EVENTS = {
  kind: "events",
  path: "/events",
  quiet: "/quiet",
  args: ["--sse"],
  watch: watchAnswer,
};
export const post = (separator, body = { prompt: "Sing, goddess" }) => ({
  kind: "post",
  args: ["--post", JSON.stringify(body)],
  watch: (url, options) => watchAnswer(url, { separator, body: JSON.stringify(body), ...options }),
});

/**
 * An application.
 * @typedef {object} Application
 * @property {string} id
 * @property {string} name what the table calls it
 * @property {"socketio" | "websocket" | "events" | "post"} kind how it streams
 * @property {string} path where
 * @property {string} [quiet] where it says one thing and then nothing
 * @property {string[]} args what the probe is told
 * @property {() => Promise<number>} start gives its port
 * @property {(url: string) => Promise<import("./truth.js").Truth>} watch what a client sees
 */

/** @type {Application[]} */
export const APPLICATIONS = [
  {
    ...SOCKETIO,
    id: "python-socketio",
    name: "python-socketio, uvicorn",
    start: uvicorn("python_socketio:app"),
  },
  {
    ...SOCKETIO,
    id: "flask",
    name: "Flask-SocketIO, gunicorn",
    start: gunicorn("flask_socketio_app:app", ["--workers", "1", "--threads", "100"]),
  },
  { ...SOCKETIO, id: "socketio", name: "socket.io", start: node("socketio.js") },
  { ...WEBSOCKET, id: "ws", name: "ws", start: node("websocket.js") },
  {
    ...EVENTS,
    id: "aiohttp",
    name: "aiohttp, events",
    start: python("python3", (port) => ["aiohttp_events.py", `${port}`]),
  },
  { ...EVENTS, id: "express", name: "Express, events", start: node("express_events.js") },
  {
    ...post("\n\n"),
    id: "fastapi-events",
    name: "FastAPI, POST answered by events",
    path: "/v1/chat/completions",
    start: uvicorn("language_model:app"),
  },
  {
    ...post("\n"),
    id: "fastapi-lines",
    name: "FastAPI, POST answered by NDJSON",
    path: "/api/generate",
    start: uvicorn("language_model:app"),
  },
];
