// What a server says beside the poem: how many readers there are, and what its host announces to all of them.

/** @typedef {{here: number, all: number, nodes: number}} Readers how many read on this node and on all, and how many nodes there are */
/** @typedef {{text: string, at: string}} Announcement */
/** @typedef {import("../room/orders.js").RoomNews} RoomNews */
/** @typedef {import("./stream.js").Listener} Listener */

/** What to ask for beside a place in the poem. @param {Listener} listener */
export const wishes = (listener) => (listener.readers ? { readers: true } : {});

/**
 * The events that this listener wants to hear.
 * @param {Listener} listener
 * @returns {["readers" | "room" | "announcement", (content: any) => void][]}
 */
export const notices = (listener) => [
  ["readers", (content) => listener.readers?.(content)],
  ["room", (content) => listener.room?.(content)],
  ["announcement", (content) => listener.announcement?.(content)],
];
