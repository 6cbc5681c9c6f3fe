// Certificates of every kind: of any time, for any name, self-signed or an authority's.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { openFolder } from "../support/programs.js";

/** Where they lie, as `NAME.pem` and `NAME.key`; servers may read it. */
export const folder = openFolder();
const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
/** So that a certificate can be of any time: `openssl x509` knows only days from now. */
const CA = `
[ca]
default_ca = it
[it]
new_certs_dir = .
database = index.txt
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied`;
writeFileSync(path.join(folder, "ca.conf"), CA);
writeFileSync(path.join(folder, "index.txt"), "");

/** A time as openssl writes it, so many days from now. */
const day = (days) => `${new Date(Date.now() + days * 864e5).toISOString().replace(/[-:T]|\.\d+/g, "")}`;

/**
 * A key with a certificate for a name, self-signed or signed by our authority.
 * @param {object} options `from` and `until` in days from now, or parts of days
 * @returns {{key: Buffer, cert: Buffer, file: string}} `file` is the path of both, without its ending
 */
export function certificate(name, { from = -1, until = 60, by } = {}) {
  const file = `${name}${from}${until}${by ?? ""}`;
  const made = ["-newkey", "rsa:2048", "-nodes", "-keyout", `${file}.key`, "-subj", `/CN=${name}`];
  openssl("req", "-new", ...made, "-addext", `subjectAltName=DNS:${name}`, "-out", `${file}.csr`);
  const times = ["-startdate", day(from), "-enddate", day(until)];
  const signer = by
    ? ["-cert", `${by}.pem`, "-keyfile", `${by}.key`]
    : ["-selfsign", "-keyfile", `${file}.key`];
  openssl(
    ...["ca", "-batch", "-notext", "-config", "ca.conf", ...times, ...signer],
    ...["-in", `${file}.csr`, "-out", `${file}.pem`],
  );
  const read = (ending) => readFileSync(path.join(folder, `${file}.${ending}`));
  return { key: read("key"), cert: read("pem"), file: path.join(folder, file) };
}

openssl(
  ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem"],
  ...["-subj", "/CN=authority", "-days", "30", "-addext", "keyUsage=keyCertSign"],
);
/** The name that is probed. */
export const NAME = "dante.test";
/** For a system whose only root is that authority. */
export const TRUSTING = { SSL_CERT_FILE: path.join(folder, "ca.pem") };
