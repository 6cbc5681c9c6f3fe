// WebSocket frames on their way from a server (RFC 6455, 5.2): stand-ins count them, lose them, or write their own.

/** Cuts bytes into frames, which are not masked, since a server sends them. The head of the answer before them goes through as it is. */
export class Frames {
  #rest = Buffer.alloc(0);
  #afterHead = false;

  /**
   * @param {(frame: {opcode: number, payload: Buffer, bytes: Buffer}) => void} onFrame
   * @param {(head: Buffer) => void} onHead
   */
  constructor(onFrame, onHead) {
    this.onFrame = onFrame;
    this.onHead = onHead;
  }

  feed(part) {
    this.#rest = Buffer.concat([this.#rest, part]);
    if (!this.#afterHead) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.onHead(this.#rest.subarray(0, end + 4));
      this.#rest = this.#rest.subarray(end + 4);
      this.#afterHead = true;
    }
    for (;;) {
      const frame = this.#next();
      if (!frame) return;
      this.onFrame(frame);
    }
  }

  #next() {
    const all = this.#rest;
    if (all.length < 2) return undefined;
    const short = all[1] & 0x7f;
    const start = { 126: 4, 127: 10 }[short] ?? 2;
    if (all.length < start) return undefined;
    const length =
      {
        126: () => all.readUInt16BE(2),
        127: () => Number(all.readBigUInt64BE(2)),
      }[short]?.() ?? short;
    if (all.length < start + length) return undefined;
    this.#rest = all.subarray(start + length);
    return {
      opcode: all[0] & 0x0f,
      payload: all.subarray(start, start + length),
      bytes: all.subarray(0, start + length),
    };
  }
}

/** A close frame with a code and a reason. */
export function closeFrame(code, reason = "") {
  const text = Buffer.from(reason);
  const head = Buffer.from([0x88, 2 + text.length, code >> 8, code & 0xff]);
  return Buffer.concat([head, text]);
}

export const TEXT = 1;
export const CLOSE = 8;
