// `dante echo` behind real hosts: what is too large for them, what they hold back, and that healthy ones get no verdict but true
// notes.

import assert from "node:assert/strict";

import { startEcho } from "../support/dante.js";
import { apache, pass } from "../accuracy/hosts/apache.js";
import { caddy } from "../accuracy/hosts/caddy.js";
import { haproxy } from "../accuracy/hosts/haproxy.js";
import { nginx, location } from "../accuracy/hosts/nginx.js";
import { describeVerdict, probe, startHost, together } from "./support.js";

const echo = await startEcho();
const KIB = 1024;

/** The verdicts on an echo behind a host, in lines; what a line can't help is left out. */
async function verdicts(origin, path = "/echo/") {
  const document = await probe(`${origin}${path}`);
  const hop = document.hops.find((one) => one.hop === "echo");
  return { document, hop, seen: document.verdicts.map(describeVerdict), evidence: hop.evidence };
}

/** The largest that passed, and the smallest that did not. */
function limits({ steps }) {
  const sizes = (passed) => steps.filter((step) => step.passed === passed).map(({ bytes }) => bytes);
  return [Math.max(0, ...sizes(true)), Math.min(Infinity, ...sizes(false))];
}

async function expect(origin, expected, path) {
  const all = await verdicts(origin, path);
  const why = all.document.verdicts.map(({ id, evidence }) => `${id}: ${evidence}`).join("\n");
  assert.deepEqual(all.seen, expected, why);
  return all;
}

together("an echo", {
  async "with nothing in front of it"() {
    const { evidence, document } = await expect(`http://127.0.0.1:${echo}`, []);
    for (const kind of ["up", "down", "bodies", "events"]) {
      assert.ok(limits(evidence[kind])[0] >= 64 * KIB, kind);
    }
    assert.equal(document.outcome, "good");
  },
  async "at the root, behind Caddy"() {
    await expect(await caddy(`reverse_proxy 127.0.0.1:${echo}`), [], "/");
  },
  async "behind HAProxy"() {
    await expect(await haproxy(`server echo 127.0.0.1:${echo}`), []);
  },
  async "behind Apache"() {
    await expect(await apache(pass(echo, "/echo/")), []);
  },
  async "behind nginx with its defaults"() {
    const host = await nginx(location("/echo/", echo));
    let { seen, evidence, document } = await verdicts(host);
    // The pieces come together, and an echo that gets no time reads them one after the other: then nothing is said, and it is tried again.
    if (!seen.includes("note request-buffered at echo")) {
      ({ seen, evidence, document } = await verdicts(host));
    }
    const [most, least] = limits(evidence.bodies);
    // client_max_body_size is 1m; a machine that is too slow for that much doesn't try more.
    const tried = least < Infinity;
    assert.ok(most <= 1024 * KIB && (!tried || least > 1024 * KIB), `${most}, ${least}`);
    const limit = tried ? ["note body-limit at echo"] : [];
    assert.deepEqual(seen, [...limit, "note request-buffered at echo"]);
    const buffered = document.verdicts.find(({ id }) => id === "request-buffered");
    assert.match(buffered.remedy, /proxy_request_buffering off/);
  },
  async "behind nginx without its buffers and limits"() {
    const lines = "proxy_buffering off; proxy_request_buffering off; client_max_body_size 0;";
    await expect(await nginx(location("/echo/", echo, lines)), []);
  },
  async "behind nginx with a small limit on bodies"() {
    const lines = "proxy_buffering off; proxy_request_buffering off; client_max_body_size 20k;";
    const { evidence } = await expect(await nginx(location("/echo/", echo, lines)), [
      "degraded body-limit at echo",
    ]);
    const [most, least] = limits(evidence.bodies);
    assert.ok(most <= 20 * KIB && least > 20 * KIB, `${most}, ${least}`);
  },
  async "behind nginx that compresses"() {
    const lines =
      "proxy_buffering off; proxy_request_buffering off; client_max_body_size 0; gzip on; gzip_types *; gzip_min_length 1;";
    await expect(await nginx(location("/echo/", echo, lines)), ["note compressed-stream at echo"]);
  },
  async "behind nginx that strips the upgrade"() {
    const lines = "proxy_buffering off; proxy_request_buffering off; client_max_body_size 0;";
    const origin = await nginx(
      `location / { proxy_http_version 1.1; proxy_pass http://127.0.0.1:${echo}; ${lines} }`,
    );
    await expect(origin, ["degraded upgrade-stripped at echo"]);
  },
  async "behind a gateway that closes on large messages"() {
    const origin = await startHost(echo, { tunnelled: closesAbove(32 * KIB) });
    const { evidence } = await expect(origin, ["degraded message-too-big at echo"]);
    const [most, least] = limits(evidence.up);
    assert.ok(most <= 32 * KIB && least > 32 * KIB, `${most}, ${least}`);
  },
  async "behind a proxy that passes on only one direction"() {
    const origin = await startHost(echo, {
      tunnelled(_request, client, upstream) {
        client.unpipe(upstream);
        client.resume();
      },
    });
    await expect(origin, ["degraded upward-lost at echo"]);
  },
});

/** Passes on what a client sends until it begins a message that is too large, and says so. */
function closesAbove(bytes) {
  return (_request, client, upstream) => {
    let left = 0;
    client.unpipe(upstream);
    client.on("data", (part) => {
      upstream.write(part);
      for (let at = 0; at < part.length;) {
        if (left === 0) {
          // Head, length and mask of a frame (RFC 6455, 5.2); none is cut here, since each message waits for an answer.
          const short = part[at + 1] & 0x7f;
          const length =
            { 126: () => part.readUInt16BE(at + 2), 127: () => Number(part.readBigUInt64BE(at + 2)) }[
              short
            ]?.() ?? short;
          if (length > bytes) {
            client.end(Buffer.from([0x88, 2, 1009 >> 8, 1009 & 0xff]));
            upstream.destroy();
            return;
          }
          left = length + 6 + ({ 126: 2, 127: 8 }[short] ?? 0);
        }
        const taken = Math.min(left, part.length - at);
        left -= taken;
        at += taken;
      }
    });
    client.resume();
  };
}
