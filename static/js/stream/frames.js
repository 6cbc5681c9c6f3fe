// What goes over the wire, for the log of frames: kinds and sizes, never contents. Each stream tells its listener's
// `frame`, if it has one.

/**
 * `way` is which way it went, "" for what is no frame; `transport` the engine's, where a stream may change it; `name` that of the event in it; `code` a status or a close code; `note` what
 * came with that.
 * @typedef {{way: "in" | "out" | "", kind: string, transport?: string, name?: string, bytes?: number, code?: number, note?: string}} Frame
 */
/** @typedef {import("./stream.js").Listener} Listener */

const encoder = new TextEncoder();

/** The packets of Socket.IO, by their first digit. */
const PACKETS = ["connect", "disconnect", "event", "ack", "connect_error", "binary event", "binary ack"];
/** An event's packet up to its name: attachments, namespace and id may stand before that. */
const EVENT = /^[25](?:\d+-)?(?:\/[^,]*,)?\d*\["([^"\\]{1,60})"/;
/** How much of a packet is looked at. */
const HEAD = 160;

/** The bytes of a message's content. @param {unknown} data */
export function size(data) {
  if (typeof data === "string") return encoder.encode(data).length;
  if (data instanceof Blob) return data.size;
  return data instanceof ArrayBuffer ? data.byteLength : 0;
}

/** What is in a message of Engine.IO: the event's name, or the kind of Socket.IO's packet. @param {unknown} data */
export function nameOf(data) {
  if (typeof data !== "string") return data ? "attachment" : undefined;
  return EVENT.exec(data.slice(0, HEAD))?.[1] ?? PACKETS[Number(data[0])];
}

/**
 * Tells each packet and each request of an engine of Socket.IO's client, from now on.
 * @param {any} engine
 * @param {Listener} listener
 */
export function watchEngine(engine, listener) {
  const tell = listener.frame;
  if (!tell) return;
  /** @param {"in" | "out"} way @returns {(packet: {type: string, data?: unknown}) => void} */
  const packet =
    (way) =>
    ({ type, data }) =>
      // The digit of the packet's type goes over the wire, too.
      tell({
        way,
        kind: type,
        transport: engine.transport.name,
        name: type === "message" ? nameOf(data) : undefined,
        bytes: 1 + size(data),
      });
  watchTransport(engine.transport, tell);
  engine.on("packet", packet("in"));
  engine.on("packetCreate", packet("out"));
  engine.on("upgrading", (/** @type {any} */ transport) => watchTransport(transport, tell));
  engine.on("upgrade", () => tell({ way: "", kind: "upgrade", transport: engine.transport.name }));
  // In its place comes the next transport.
  engine.on("error", (/** @type {Error} */ { message }) => tell({ way: "", kind: "error", note: message }));
}

/** @param {any} transport @param {NonNullable<Listener["frame"]>} tell */
function watchTransport(transport, tell) {
  transport.on("open", () => tell({ way: "", kind: "open", transport: transport.name }));
  transport.on("close", (/** @type {any} */ details) => {
    const { code, reason } = details?.context ?? {};
    tell({ way: "in", kind: "close", transport: transport.name, code, note: reason });
  });
  if (typeof transport.request !== "function") return;
  // Polling makes its requests by this method; it has made the first one already.
  const request = transport.request.bind(transport);
  transport.request = (/** @type {any} */ options) => {
    const made = request(options);
    watchRequest(made, options?.data, tell);
    return made;
  };
  if (transport.pollXhr) watchRequest(transport.pollXhr, undefined, tell);
}

/** @param {any} request @param {unknown} sent @param {NonNullable<Listener["frame"]>} tell */
function watchRequest(request, sent, tell) {
  /** @type {Frame} */
  const frame =
    sent === undefined
      ? { way: "in", kind: "GET", transport: "polling" }
      : { way: "out", kind: "POST", transport: "polling" };
  const OK = 200;
  request.on("data", (/** @type {unknown} */ data) =>
    tell({ ...frame, code: OK, bytes: size(sent ?? data) }),
  );
  request.on("error", (/** @type {unknown} */ status) =>
    tell({ ...frame, code: typeof status === "number" ? status : undefined, note: "error" }),
  );
}
