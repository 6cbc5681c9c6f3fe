// An authority of our own, and certificates of it.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

import { openFolder } from "../../support/programs.js";

const folder = openFolder();
const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** A request for a certificate, signed by another. */
function sign(name, by, extensions) {
  openssl("req", "-new", ...KEY, "-keyout", `${name}.key`, "-subj", `/CN=${name}`, "-out", `${name}.csr`);
  writeFileSync(`${folder}/${name}.ext`, extensions);
  openssl(
    ...["x509", "-req", "-in", `${name}.csr`, "-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"],
    ...["-days", "60", "-extfile", `${name}.ext`, "-out", `${name}.pem`],
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

/** Files: the certificate with what stands between it and the root, its key, both in one; and one without the middle. */
export const CHAIN = write("chain.crt", "leaf.pem", "middle.pem");
export const KEY_FILE = `${folder}/leaf.key`;
export const BUNDLE = write("bundle.pem", "leaf.pem", "middle.pem", "leaf.key");
export const LEAF = `${folder}/leaf.pem`;
export const OTHER_NAME = write("other.crt", "other.pem", "middle.pem");
export const OTHER_KEY = `${folder}/other.key`;
export const ROOT = `${folder}/root.pem`;

/** For a system that trusts this authority. */
export const TRUSTING = { SSL_CERT_FILE: ROOT };

/** What is at such an origin, for a system that trusts this authority. */
export const trusted = (place, path = "/dante/") => ({ url: place + path, env: TRUSTING });
