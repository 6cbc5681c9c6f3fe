// Streams that end before their poem does, and streams that are not as the server sent them.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import { poemFile, startDante } from "../support/dante.js";
import { CLOSE, TEXT, closeFrame } from "../support/frames.js";
import { cut, cutSilence, expectLimits, isSse, onEvents, onFrames, onTunnel } from "./limits.js";
import { PACE, accepted, probe, startHost, together, withoutStalls } from "./support.js";

/** How many streams a probe listens to. */
const STREAMS = 4;
const LOOK_MS = 50;

const root = await startDante([...PACE]);
/** A poem of three stanzas. */
const short = await startDante([...PACE, "--poem", poemFile(3)]);

const host = (spoil, { port } = root) => startHost(port, spoil);

together("a stream", {
  async "of events that ends at an age, in full flow"() {
    const url = await host(
      onEvents((from, response) => {
        from.pipe(response);
        const timer = setTimeout(() => response.destroy(), 2000);
        response.once("close", () => clearTimeout(timer));
      }),
    );
    await expectLimits(url, [], { "degraded age-cut at stream-sse": 2 });
  },
  async "that is cut when the client says nothing"() {
    const url = await host(
      onTunnel((client, upstream) => {
        cutSilence(2000, [client], () => cut(client, upstream));
      }),
    );
    const at = "degraded idle-cut at stream-socketio-websocket";
    await expectLimits(url, [], {
      [at]: /client said nothing, although the server spoke/,
    });
  },
  async "that ended once"() {
    let streams = 0;
    const url = await host(
      onEvents((from, response) => {
        from.pipe(response);
        streams += 1;
        if (streams > 1) return;
        setTimeout(() => response.destroy(), 1500).unref();
      }),
    );
    await expectLimits(url, [], {
      "degraded early-end at stream-sse": /once more it lived/,
    });
  },
  async "that may have so many events"() {
    const url = await host(
      onEvents((from, response) => {
        let events = 0;
        from.on("data", (part) => {
          events += `${part}`.split("\n\n").length - 1;
          if (events > 8) response.destroy();
          else response.write(part);
        });
      }),
    );
    await expectLimits(url, [], {
      "degraded early-end at stream-sse": /again after as many in/,
    });
  },
  async "of a server that is restarted"() {
    let dante = await startDante([...PACE]);
    const { port } = dante;
    const { verdicts } = await probe(dante.origin, [], {
      async watch(child) {
        const readers = async () => (await (await fetch(`${dante.origin}/hosting.json`)).json()).readers;
        // All streams are open at once, and listened to for three seconds at least.
        while (child.exitCode === null && (await readers()) < STREAMS) await delay(LOOK_MS);
        await dante.end();
        dante = await startDante([...PACE], { port });
      },
    });
    assert.deepEqual(
      withoutStalls(verdicts).map(({ id }) => id),
      ["server-restarted"],
      JSON.stringify(verdicts, null, 1),
    );
  },
  async "whose WebSocket may have so many messages"() {
    const url = await host({
      tunnelled(request, client, upstream) {
        let count = 0;
        onFrames(({ opcode, bytes }) => {
          count += opcode === TEXT;
          if (count > 6 && !client.writableEnded) {
            client.end(closeFrame(1008, "too many messages"));
            upstream.destroy();
          } else if (!client.writableEnded) {
            client.write(bytes);
          }
        }).tunnelled(request, client, upstream);
      },
    });
    const at = "degraded closed-by-policy at stream-socketio-websocket";
    await expectLimits(url, [], { [at]: /1008 \("too many messages"\)/ });
  },
  async "whose WebSocket messages may have so many bytes"() {
    const url = await host(
      onFrames(({ opcode, payload, bytes }, client, upstream) => {
        if (client.writableEnded) return;
        if (opcode === TEXT && payload.length > 180) {
          client.end(closeFrame(1009));
          upstream.destroy();
        } else {
          client.write(bytes);
        }
      }),
    );
    const at = "degraded message-too-big at stream-socketio-websocket";
    await expectLimits(url, [], { [at]: /1009/ });
  },
  async "whose close frame is lost"() {
    const url = await host(
      onFrames(({ opcode, bytes }, client, upstream) => {
        if (opcode === CLOSE) cut(client, upstream);
        else client.write(bytes);
      }),
      short,
    );
    await expectLimits(url, [], {
      "degraded close-frame-lost at stream-websocket": /all 3 stanzas/,
    });
  },
  async "that comes twice"() {
    const url = await host(
      onEvents((from, response) => {
        let rest = "";
        from.on("data", (part) => {
          const events = `${rest}${part}`.split("\n\n");
          rest = events.pop();
          for (const event of events) response.write(`${event}\n\n`.repeat(2));
        });
      }),
    );
    await expectLimits(url, [], {
      "degraded doubled-stanzas at stream-sse": /came after stanza/,
    });
  },
  async "of another type"() {
    const url = await host({
      pass(request, from, response) {
        if (!isSse(request)) return false;
        response.writeHead(200, { ...from.headers, "content-type": "text/plain" }).flushHeaders();
        from.pipe(response);
        return true;
      },
    });
    await expectLimits(url, [], {
      "degraded wrong-content-type at stream-sse": /text\/plain/,
    });
  },
  async "of masked frames"() {
    const url = await host({
      upgrade(request, socket) {
        socket.write(accepted(request));
        socket.write(Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x31, 0x32]));
        return true;
      },
    });
    await expectLimits(url, [], {
      "degraded garbage at upgrade": /masked.*RFC 6455/,
    });
  },
  async "of what is no frame"() {
    const url = await host({
      upgrade(request, socket) {
        socket.write(accepted(request));
        socket.write("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        return true;
      },
    });
    await expectLimits(url, [], {
      "degraded garbage at upgrade": /HTTP\/1\.1 502/,
    });
  },
});
