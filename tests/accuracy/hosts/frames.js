// Takes a server's WebSocket frames apart (RFC 6455, 5.2), for stand-ins that change them.

/** A close frame with a code and a reason, and the end of the connection after it. */
export function closing(code, reason) {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
  return { last: Buffer.concat([Buffer.from([0x88, payload.length]), payload]) };
}

/** The first frame in some bytes, if it is whole. A server's frames are not masked. */
function first(bytes) {
  if (bytes.length < 2) return null;
  let [at, length] = [2, bytes[1] & 0x7f];
  if (length === 126) {
    if (bytes.length < 4) return null;
    [at, length] = [4, bytes.readUInt16BE(2)];
  }
  if (bytes.length < at + length) return null;
  const payload = bytes.subarray(at, at + length);
  return { opcode: bytes[0] & 0x0f, payload, raw: bytes.subarray(0, at + length) };
}

/**
 * Passes on a tunnel's bytes, and of the server's frames what `change` makes of each: other bytes, nothing (null), or the last
 * ones (`closing`).
 * @param {import("node:net").Socket} client
 * @param {import("node:net").Socket} upstream which is piped to the client already
 */
export function frames(client, upstream, change) {
  upstream.unpipe(client);
  let head = true;
  let kept = Buffer.alloc(0);
  upstream.on("data", (part) => {
    kept = Buffer.concat([kept, part]);
    if (head) {
      const end = kept.indexOf("\r\n\r\n");
      if (end < 0) return;
      client.write(kept.subarray(0, end + 4));
      kept = kept.subarray(end + 4);
      head = false;
    }
    for (let frame = first(kept); frame && !client.writableEnded; frame = first(kept)) {
      kept = kept.subarray(frame.raw.length);
      const changed = change(frame);
      if (changed?.last) {
        client.end(changed.last);
        upstream.unpipe();
        client.unpipe();
      } else if (changed) client.write(changed);
    }
  });
  // What was piped and is no longer, stands still.
  upstream.resume();
  upstream.once("end", () => client.end());
}
