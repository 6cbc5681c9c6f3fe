// Express with a proxy and, before it, middleware that people put there. Its argument is a JSON object: `port`, `to`, and settings.

import compression from "compression";
import express from "express";
import forward from "express-http-proxy";
import { rateLimit } from "express-rate-limit";
import { createProxyMiddleware } from "http-proxy-middleware";

const settings = JSON.parse(process.argv[2]);
const { port, to } = settings;
const app = express();

if (settings.rateLimit) app.use(rateLimit({ windowMs: 60_000, limit: settings.rateLimit }));
if (settings.compression) app.use(compression());
if (settings.login) {
  app.get("/users/sign_in", (_request, response) => {
    response.send(
      '<title>Log in</title><form><input name="email"><input type="password" name="password"></form>',
    );
  });
  app.use((request, response) =>
    response.redirect(settings.login, `/users/sign_in?back=${request.originalUrl}`),
  );
}

const target = `http://127.0.0.1:${to}`;
if (settings.gathering) {
  app.use(
    forward(target, {
      proxyReqPathResolver: ({ originalUrl }) => originalUrl,
      userResDecorator: (_answer, body) => body,
    }),
  );
  app.listen(port, "127.0.0.1");
} else {
  // `mounted`: the path is taken off requests, and left on upgrades.
  const options = settings.mounted
    ? {}
    : { pathFilter: "/dante", ...(settings.strip && { pathRewrite: { "^/dante": "" } }) };
  const proxy = createProxyMiddleware({ target, ws: settings.ws ?? true, ...options });
  if (settings.mounted) app.use("/dante", proxy);
  else app.use(proxy);
  const server = app.listen(port, "127.0.0.1");
  if (settings.subscribe ?? true) server.on("upgrade", proxy.upgrade);
}
