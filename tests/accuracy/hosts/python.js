// What comes from PyPI and is no proxy of its own: mitmproxy, and servers of Socket.IO in Python.

import { writeFileSync } from "node:fs";
import path from "node:path";

import { launch } from "../../support/programs.js";
import { origin, wheel } from "./programs.js";

const SCRIPTS = path.join(import.meta.dirname, "scripts");

/** Starts mitmproxy as a reverse proxy; `addon` is a Python module that sees what passes. */
export async function mitmproxy(to, { streaming = true, addon } = {}) {
  const port = await launch(wheel("mitmdump"), (folder, free) => {
    if (addon) writeFileSync(`${folder}/addon.py`, addon);
    return {
      args: [
        ...["--quiet", "--set", `confdir=${folder}`, "--set", "keep_host_header=true"],
        ...["--mode", `reverse:http://127.0.0.1:${to}`, "--listen-host", "127.0.0.1", "-p", `${free}`],
        ...(streaming ? ["--set", "stream_large_bodies=1"] : []),
        ...(addon ? ["-s", `${folder}/addon.py`] : []),
      ],
    };
  });
  return origin(port);
}

/** Starts python-socketio under uvicorn, with these options of its server. */
export async function asgi(options = {}) {
  const python = wheel("python3");
  return origin(
    await launch(python, (_folder, port) => ({
      args: [`${SCRIPTS}/asgi.py`, JSON.stringify({ ...options, port })],
    })),
  );
}

/** Starts Flask-SocketIO under Werkzeug. */
export async function flask() {
  const python = wheel("python3");
  return origin(
    await launch(python, (_folder, port) => ({ args: [`${SCRIPTS}/flask_server.py`, `${port}`] })),
  );
}
