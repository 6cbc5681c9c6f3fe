// The round trip that the page measures: a reader sends an event, and the server answers at once.

/** The event's name on the wire, which the server decides. */
export const PING_EVENT = "echo";

/** How long an answer may take. */
export const PING_TIMEOUT_MS = 5000;
