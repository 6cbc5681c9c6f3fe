// Python's clients of plain WebSocket and of server-sent events.

import path from "node:path";
import { describe } from "node:test";

import { CACHE, testReaders } from "./reading.js";

const PROGRAM = path.join(import.meta.dirname, "python/stream_readers.py");
const END = "close 1000";

describe("Python", async () => {
  await testReaders(`${CACHE}/interop/bin/python`, [PROGRAM], {
    "websockets, asyncio": { end: END },
    "websockets, threads": { end: END },
    // A text tells nothing of the reading.
    "websockets, texts": { end: END, tells: false },
    "websocket-client, app": { end: END },
    "websocket-client, texts": { end: END, tells: false },
    aiohttp: { end: END },
    "httpx-sse": { end: "end" },
  });
});
