// An authority of our own, and certificates of it.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

import { openFolder } from "../../support/programs.js";

const folder = openFolder();
const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** A request for a certificate, signed by another. */
function sign(name, by, extensions, days = ["-days", "60"]) {
  openssl("req", "-new", ...KEY, "-keyout", `${name}.key`, "-subj", `/CN=${name}`, "-out", `${name}.csr`);
  writeFileSync(`${folder}/${name}.ext`, extensions);
  openssl(
    ...["x509", "-req", "-in", `${name}.csr`, "-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"],
    ...[...days, "-extfile", `${name}.ext`, "-out", `${name}.pem`],
  );
}

const authority = ["-subj", "/CN=Inferno Root", "-days", "90", "-addext", "keyUsage=critical,keyCertSign"];
openssl("req", "-x509", ...KEY, "-keyout", "root.key", "-out", "root.pem", ...authority);
sign("middle", "root", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
const NAMES = "subjectAltName=DNS:dante.test,DNS:localhost,IP:127.0.0.1\n";
sign("leaf", "middle", NAMES);
sign("other", "middle", "subjectAltName=DNS:elsewhere.test\n");
const read = (name) => readFileSync(`${folder}/${name}`, "utf8");
const write = (name, ...parts) => {
  writeFileSync(`${folder}/${name}`, parts.map(read).join(""));
  return `${folder}/${name}`;
};

/** Files: the certificate with what stands between it and the root, its key, and both in one. */
export const CHAIN = write("chain.crt", "leaf.pem", "middle.pem");
export const KEY_FILE = `${folder}/leaf.key`;
export const BUNDLE = write("bundle.pem", "leaf.pem", "middle.pem", "leaf.key");
/** Without the certificate in the middle, and with the key. */
export const LEAF = write("leaf.bundle", "leaf.pem", "leaf.key");
/** Of another name: with its chain and its key. */
export const OTHER_BUNDLE = write("other.bundle", "other.pem", "middle.pem", "other.key");
export const ROOT = `${folder}/root.pem`;

/** One that expired yesterday. `openssl x509` counts days from now only, and takes negative ones. */
sign("expired", "middle", NAMES, ["-days", "-1"]);
export const EXPIRED = {
  chain: write("expired.crt", "expired.pem", "middle.pem"),
  key: `${folder}/expired.key`,
};

/** For a system that trusts this authority. */
export const TRUSTING = { SSL_CERT_FILE: ROOT };

/** What is at such an origin, for a system that trusts this authority. */
export const trusted = (place, path = "/dante/") => ({ url: place + path, env: TRUSTING });
