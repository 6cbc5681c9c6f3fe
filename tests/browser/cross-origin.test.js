// A page of another origin that reads Dante, in a real browser: which transports and files it gets, without --allow-origin and with it.

import assert from "node:assert/strict";
import http from "node:http";
import { after, describe, it } from "node:test";
import { poemFile, startDante } from "../support/dante.js";
import { useBrowser } from "./support.js";

const ARGS = ["--poem", poemFile(3), "--interval", "20ms"];

/** Somebody else's page, closed after the test file; its port makes it another origin. */
async function startStranger() {
  const server = http.createServer((_request, response) =>
    response
      .writeHead(200, { "content-type": "text/html" })
      .end("<!doctype html><title>A page of another origin</title>"),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** Runs in the page: reads in each way, and tells how each of them went: the number of stanzas, or why not. */
async function readAll(dante) {
  const script = document.createElement("script");
  script.src = `${dante}/socket.io/socket.io.js`;
  document.head.append(script);
  await new Promise((resolve) => (script.onload = resolve));
  const socketIo = (options, io = window.io) =>
    new Promise((resolve) => {
      let stanzas = 0;
      const socket = io(dante, { forceNew: true, reconnection: false, ...options });
      socket.on("divinecomedy", () => (stanzas += 1));
      socket.on("disconnect", () => resolve(stanzas));
      socket.on("connect_error", () => resolve("refused"));
    });
  const events = (options) =>
    new Promise((resolve) => {
      let stanzas = 0;
      const source = new EventSource(`${dante}/sse/stream`, options);
      source.addEventListener("divinecomedy", () => (stanzas += 1));
      const over = (result) => {
        source.close();
        resolve(result);
      };
      source.addEventListener("end", () => over(stanzas));
      source.addEventListener("error", () => over("refused"));
    });
  const websocket = () =>
    new Promise((resolve) => {
      let stanzas = 0;
      const socket = new WebSocket(`${dante.replace("http", "ws")}/websocket/ws`, ["chat", "v2.chat"]);
      socket.onmessage = () => (stanzas += 1);
      socket.onclose = () => resolve(stanzas || "refused");
    });
  const get = (path, options) =>
    fetch(`${dante}/${path}`, options).then(
      (answer) => answer.status,
      () => "refused",
    );
  const ways = {
    default: () => socketIo({}),
    module: () =>
      import(`${dante}/socket.io/socket.io.esm.min.js`).then(
        ({ io }) => socketIo({}, io),
        () => "refused",
      ),
    polling: () => socketIo({ transports: ["polling"] }),
    "polling with more": () =>
      socketIo({ transports: ["polling"], withCredentials: true, extraHeaders: { "x-token": "1" } }),
    "socket.io's websocket": () => socketIo({ transports: ["websocket"] }),
    "plain websocket": websocket,
    events: () => events({}),
    "events with credentials": () => events({ withCredentials: true }),
    "hosting.json": () => get("hosting.json", { cache: "no-store" }),
    "divine-comedy.txt": () => get("divine-comedy.txt", { headers: { "x-token": "1" } }),
  };
  const results = {};
  for (const [name, way] of Object.entries(ways)) results[name] = await way();
  return results;
}

describe("a page of another origin", { concurrency: false }, () => {
  const open = useBrowser();
  const visit = async (stranger, args) => {
    const { origin } = await startDante([...ARGS, ...args]);
    const { page } = await open(`${stranger}/`, { notes: false });
    return page.evaluate(readAll, origin);
  };
  const all = {
    default: 3,
    module: 3,
    polling: 3,
    "polling with more": 3,
    "socket.io's websocket": 3,
    "plain websocket": 3,
    events: 3,
    "events with credentials": 3,
    "hosting.json": 200,
    "divine-comedy.txt": 200,
  };
  const except = (which, result) =>
    Object.fromEntries(
      Object.entries(all).map(([name, good]) => [name, which.includes(name) ? result : good]),
    );
  const websockets = ["socket.io's websocket", "plain websocket"];
  const others = Object.keys(all).filter((name) => !websockets.includes(name));

  it("gets WebSockets and nothing else, unless it is let in", async () => {
    assert.deepEqual(await visit(await startStranger(), []), except(others, "refused"));
  });

  it("that --allow-origin names reads over every transport, with credentials and headers of its own", async () => {
    const stranger = await startStranger();
    const args = ["--allow-origin", "https://shop.example", "--allow-origin", stranger];
    assert.deepEqual(await visit(stranger, args), all);
  });

  it("that is not on the list gets nothing", async () => {
    const args = ["--allow-origin", "https://shop.example"];
    assert.deepEqual(await visit(await startStranger(), args), except(Object.keys(all), "refused"));
  });

  it("reads where all may, without credentials", async () => {
    const credentials = ["polling with more", "events with credentials"];
    assert.deepEqual(
      await visit(await startStranger(), ["--allow-origin", "*"]),
      except(credentials, "refused"),
    );
  });

  it("is not missed: Dante's own page reads on when only others are named", async () => {
    const { origin } = await startDante([...ARGS, "--allow-origin", "https://shop.example"]);
    const own = await open(`${origin}/`);
    await own.state("end");
    assert.equal(await own.$(".counts dd").first().innerText(), "3");
    own.assertQuiet();
  });
});
