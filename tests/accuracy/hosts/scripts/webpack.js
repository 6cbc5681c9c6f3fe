// webpack's development server with its proxy. Its argument is a JSON object: `port`, `to`, `ws`.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import webpack from "webpack";
import WebpackDevServer from "webpack-dev-server";

const { port, to, ws = true } = JSON.parse(process.argv[2]);
const folder = mkdtempSync(path.join(os.tmpdir(), "dante-webpack-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGTERM", () => process.exit());
writeFileSync(path.join(folder, "app.js"), "export {};\n");
const compiler = webpack({
  mode: "development",
  context: folder,
  entry: "./app.js",
  output: { path: folder },
  infrastructureLogging: { level: "none" },
});
const options = {
  host: "127.0.0.1",
  port,
  client: false,
  hot: false,
  proxy: [{ context: ["/dante"], target: `http://127.0.0.1:${to}`, ws }],
};
await new WebpackDevServer(options, compiler).start();
