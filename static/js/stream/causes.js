// The causes that this page itself finds where browsers and libraries name none. They go into the report as they are.

/** So long anything that is asked for may go without an answer before the page says so. */
export const PATIENCE_MS = 8000;

/** This device has no network, so the failure tells nothing of the host. */
export const OFFLINE = "offline";

/** The handshake by polling, or the answer of an event stream, has not come. */
export const HANDSHAKE_PENDING = "handshake pending";
export const STREAM_PENDING = "stream pending";
/** The answer of an event stream has begun, and no event has come. */
export const STREAM_HELD = "stream held";
/** The address gave no answer to a plain request either. */
export const TIMEOUT = "timeout";

/** A WebSocket does not get through, while the server itself is reachable; nothing else is known. */
export const BLOCKED = "websocket blocked";
/** No 101 has come, and no other answer. */
export const UNANSWERED = "upgrade pending";
/** Something on the way accepts the WebSocket, and does not pass it on: it is closed, brings nothing, or takes nothing. */
export const CLOSED = "websocket closed";
export const SILENT = "websocket silent";
export const UNHEARD = "websocket unheard";
/** Later, it was not closed at once. */
export const AT_ONCE_MS = 2000;
/** It works, and breaks off within seconds, again and again. */
export const BROKEN = "websocket broke";
/** What browsers say of a WebSocket that could not be opened. */
export const VAGUE = "websocket error";

const OBSTACLES = [BLOCKED, UNANSWERED, CLOSED, SILENT, UNHEARD, BROKEN];

/** Whether a reason is that WebSocket does not get through. @param {string} reason */
export const isObstacle = (reason) => OBSTACLES.includes(reason);
