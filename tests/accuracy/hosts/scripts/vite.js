// Vite's development server with its proxy. Its argument is a JSON object: `port`, `to`, `ws`, `strip`.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createServer } from "vite";

const { port, to, ws = true, strip } = JSON.parse(process.argv[2]);
const root = mkdtempSync(path.join(os.tmpdir(), "dante-vite-"));
process.once("exit", () => rmSync(root, { recursive: true, force: true }));
process.once("SIGTERM", () => process.exit());
writeFileSync(path.join(root, "index.html"), "<!doctype html><title>an app</title>");
const rule = {
  target: `http://127.0.0.1:${to}`,
  ws,
  ...(strip && { rewrite: (url) => url.replace(/^\/dante/, "") }),
};
const server = await createServer({
  root,
  configFile: false,
  logLevel: "silent",
  cacheDir: path.join(root, "cache"),
  server: { host: "127.0.0.1", port, strictPort: true, proxy: { "/dante": rule } },
});
await server.listen();
