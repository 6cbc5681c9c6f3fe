// What is done to WebSocket frames.

import { startDante, poemFile } from "../../support/dante.js";
import { PACE, accepted } from "../../probe/support.js";
import { frames, closing } from "../hosts/frames.js";
import { standIn } from "../hosts/standin.js";

const sockets = [
  {
    id: "close-1008",
    host: "gateway (stand-in)",
    fault: "after four messages a WebSocket is closed with 1008",
    start: ({ root }) =>
      standIn(root, {
        tunnelled(_request, client, upstream) {
          let messages = 0;
          frames(client, upstream, ({ opcode, raw }) => {
            if (opcode === 1) messages += 1;
            return messages > 4 ? closing(1008, "too many messages") : raw;
          });
        },
      }),
    expert: "closed by policy (1008) after some messages",
    expected: { outcome: "degraded", causes: ["closed-by-policy"], evidence: /1008/ },
  },
  {
    id: "close-1009",
    host: "gateway (stand-in)",
    fault: "messages above 150 bytes are refused with 1009",
    start: ({ root }) =>
      standIn(root, {
        tunnelled: (_request, client, upstream) =>
          frames(client, upstream, ({ opcode, payload, raw }) =>
            opcode === 1 && payload.length > 150 ? closing(1009, "message too big") : raw,
          ),
      }),
    expert: "closed with 1009: messages are too big for the proxy",
    expected: { outcome: "degraded", causes: ["message-too-big"], evidence: /1009/ },
  },
  {
    id: "close-lost",
    host: "relay (stand-in)",
    fault: "close frames are dropped, and the connection is ended",
    async start() {
      const { port } = await startDante([...PACE, "--poem", poemFile(3)]);
      return `${await standIn(port, {
        tunnelled: (_request, client, upstream) =>
          frames(client, upstream, ({ opcode, raw }) => (opcode === 8 ? null : raw)),
      })}`;
    },
    expert: "the close frame is lost on the way",
    expected: { outcome: ["good", "degraded"], causes: ["close-frame-lost"] },
  },
  {
    id: "frames-masked",
    host: "relay (stand-in)",
    fault: "the server's frames come masked",
    start: ({ root }) =>
      standIn(root, {
        tunnelled: (_request, client, upstream) =>
          frames(client, upstream, ({ opcode, payload }) => {
            const mask = Buffer.from([7, 7, 7, 7]);
            const length =
              payload.length < 126
                ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
                : Buffer.from([0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255]);
            return Buffer.concat([length, mask, payload.map((byte) => byte ^ 7)]);
          }),
      }),
    expert: "the frames break the protocol: masked by the server",
    expected: { outcome: "degraded", causes: ["garbage"], evidence: /mask/i },
  },
  {
    id: "frames-text",
    host: "gateway (stand-in)",
    fault: "101, and then a line of text",
    start: ({ root }) =>
      standIn(root, {
        upgrade(request, socket) {
          socket.end(`${accepted(request)}ERR unknown command\r\n`);
          return true;
        },
      }),
    expert: "no WebSocket frames come after 101",
    expected: { outcome: "degraded", causes: ["garbage"] },
  },
  {
    id: "frames-accept",
    host: "gateway (stand-in)",
    fault: "101 with a constant Sec-WebSocket-Accept",
    start: ({ root }) =>
      standIn(root, {
        upgrade(_request, socket) {
          socket.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          );
          return true;
        },
      }),
    expert: "Sec-WebSocket-Accept is wrong: something answers without reading the key",
    expected: { outcome: "degraded", causes: ["garbage"] },
  },
  {
    id: "frames-doubled",
    host: "relay (stand-in)",
    fault: "every message of plain WebSocket comes twice",
    start: ({ root }) =>
      standIn(root, {
        tunnelled({ url }, client, upstream) {
          if (!url.startsWith("/websocket/")) return;
          frames(client, upstream, ({ opcode, raw }) => (opcode === 1 ? Buffer.concat([raw, raw]) : raw));
        },
      }),
    expert: "stanzas come twice over plain WebSocket",
    expected: { outcome: "degraded", causes: ["doubled-stanzas"] },
  },
  {
    id: "frames-dropped",
    host: "relay (stand-in)",
    fault: "every fifth message of plain WebSocket is dropped",
    start({ root }) {
      return standIn(root, {
        tunnelled({ url }, client, upstream) {
          let messages = 0;
          if (!url.startsWith("/websocket/")) return;
          frames(client, upstream, ({ raw }) => ((messages += 1) % 5 === 0 ? null : raw));
        },
      });
    },
    expert: "stanzas are lost within a connection",
    expected: { outcome: "degraded", causes: ["lost-stanzas"] },
  },
].map((it) => ({ kind: "WebSocket frames", path: "/", ...it }));

export default sockets;
