// The client library is a script of its own on the page, which defines the global `io`: this is its type, with
// the events that Dante and its pages exchange.

import type { Announcement, Readers, RoomNews } from "../../static/js/stream/notices.js";
import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client-4";
import type { PING_EVENT } from "../../static/js/stream/ping.js";
import type { Opening, Place } from "../../static/js/reading.js";

interface ReadingEvents {
  reading: (opening: Opening) => void;
  divinecomedy: (text: string, place: Place) => void;
  readers: (readers: Readers) => void;
  room: (news: RoomNews) => void;
  announcement: (announcement: Announcement) => void;
}

interface ReaderEvents {
  [PING_EVENT]: (answer: () => void) => void;
}

interface AnswerEvents {
  helloBack: (answer: { message?: string; error?: string }) => void;
}

interface QuestionEvents {
  sendMessage: (question: { message: string }) => void;
}

type Options = Partial<ManagerOptions & SocketOptions>;

declare global {
  /** One of Socket.IO's client, whatever it says. */
  type AnySocket = Socket<any, any>;
  function io(options: Options): Socket<ReadingEvents, ReaderEvents>;
  function io(namespace: "/hello", options: Options): Socket<AnswerEvents, QuestionEvents>;
}
