// Where the programs are: Debian's on the path, PyPI's in the cache, and npm's beside this folder; tests/setup installs them.

import { accessSync, existsSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { find, launch } from "../../support/programs.js";

/** A program that a case needs isn't here. */
export class Missing extends Error {
  constructor(program) {
    super(`${program} is missing: tests/setup`);
  }
}

const CACHE = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
/** Where the packages of PyPI are that a suite needs. */
const venv = (suite) => path.join(CACHE, "dante", suite);
const MODULES = path.resolve(import.meta.dirname, "../node_modules");

/** A program of Debian's. */
export function debian(program) {
  const file = program.startsWith("/") && existsSync(program) ? program : find(program);
  if (!file) throw new Missing(program);
  return file;
}

function there(file) {
  try {
    accessSync(file);
  } catch {
    throw new Missing(file);
  }
  return file;
}

/** A program that came with a wheel, among the packages of a suite. */
export const wheel = (program, suite = "accuracy") => there(path.join(venv(suite), "bin", program));

/** A file of a Python package, which is no program of its own. */
export function packaged(file) {
  const lib = path.join(venv("accuracy"), "lib");
  const python = existsSync(lib) ? readdirSync(lib)[0] : "python3";
  return there(path.join(lib, python, "site-packages", file));
}

/** A program among the npm packages. */
export const npmProgram = (file) => there(path.join(MODULES, file));

/** Starts one of Node.js's own hosts, a script beside this file, as a process of its own. */
export async function script(name, settings, { needs = [] } = {}) {
  for (const need of needs) npmProgram(need);
  const file = path.join(import.meta.dirname, "scripts", name);
  return origin(
    await launch(process.execPath, (_folder, port) => ({
      args: [file, JSON.stringify({ ...settings, port })],
    })),
  );
}

/** Where a port of loopback is, as a URL. */
export const origin = (port, scheme = "http") => `${scheme}://127.0.0.1:${port}`;
