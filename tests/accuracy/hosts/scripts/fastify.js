// Fastify with @fastify/http-proxy. Its argument is a JSON object: `port`, `to`, `websocket`.

import proxy from "@fastify/http-proxy";
import Fastify from "fastify";

const { port, to, websocket = true } = JSON.parse(process.argv[2]);
const fastify = Fastify();
fastify.register(proxy, {
  upstream: `http://127.0.0.1:${to}`,
  prefix: "/dante",
  rewritePrefix: "/dante",
  websocket,
});
await fastify.listen({ port, host: "127.0.0.1" });
