//! Verdicts on streams, the hold, resuming, compression and other origins.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::Buffered,
        "Something on the path buffers the stream.",
        "turn off the proxy's buffering for these paths",
    ),
    Entry::new(
        VerdictId::Silent,
        "The stream opens, but nothing comes.",
        "check the server's log, and look for buffering on the path",
    ),
    Entry::new(
        VerdictId::QuietStream,
        "The stream is open, and nothing came while the probe listened.",
        "nothing, if the application had nothing to say; otherwise listen longer (--for 1m), or say what it waits for (--send, --emit); --expect 1 makes silence a fault, and --against URL compares with the server itself",
    ),
    Entry::new(
        VerdictId::ComesInLumps,
        "Events come several at once, after silences: the application sends them so, or something on the path gathers them.",
        "nothing, if the application sends them so; to be sure, compare with the server itself: --against URL",
    ),
    Entry::new(
        VerdictId::ApplicationError,
        "The application itself reports an error; the host passes it on.",
        "read what it says, and look into the application's log; if it misses something that its own client sends: --header 'Authorization: …', --header 'Sec-WebSocket-Protocol: …', --send TEXT",
    ),
    Entry::new(
        VerdictId::NamespaceRefused,
        "The server refuses the Socket.IO namespace.",
        "read what it says: give credentials with --auth '{\"token\": \"…\"}', or name another namespace with --namespace",
    ),
    Entry::new(
        VerdictId::StreamRefused,
        "The stream is refused.",
        "read the answer, and find this request in the logs of the host and of the server",
    ),
    Entry::new(
        VerdictId::WrongContentType,
        "The stream comes with the wrong Content-Type; browsers refuse it.",
        "let the server send Content-Type: text/event-stream, and the host pass it on unchanged; if a page comes instead, check the URL",
    ),
    Entry::new(
        VerdictId::CompressedStream,
        "The event stream is compressed; compression may gather events and delay them.",
        "turn off compression for text/event-stream",
    ),
    Entry::new(
        VerdictId::EarlyEnd,
        "The stream ended before its poem, and nothing tells why.",
        "look for the end of this connection in the logs of the host and of the server; --hold 65s finds limits on time",
    ),
    Entry::new(
        VerdictId::AgeCut,
        "A connection is cut at a certain age, although data flows.",
        "raise the limit on the whole time of a request or connection, or turn it off for these paths; one on silence is not the cause",
    ),
    Entry::new(
        VerdictId::ClosedByPolicy,
        "The WebSocket is closed for a policy (close code 1008): the application refuses this client, most often for missing credentials, or a rule of something on the path does.",
        "read the reason, if there is one; give what the application asks for (--header, --send); look for limits of messages or rules for WebSocket in the proxy or gateway",
    ),
    Entry::new(
        VerdictId::MessageTooBig,
        "Something on the path limits the size of WebSocket messages, and lets no larger ones through (close code 1009).",
        "raise the limit of the size of messages, or send smaller ones (Dante's are below 4 KiB, except for very long stanzas); AWS API Gateway lets through 128 KB in frames of 32 KB, which cannot be raised",
    ),
    Entry::new(
        VerdictId::UpwardLost,
        "The WebSocket opens, and nothing that the client says over it arrives.",
        "look for a proxy that reads WebSocket messages, or passes on only one direction; the server's log shows whether anything comes",
    ),
    Entry::new(
        VerdictId::EventTooBig,
        "Long events of an event stream do not come through.",
        "look for something on the path that reads the stream line by line with a buffer of fixed size; raise it, or send large data in several events",
    ),
    Entry::new(
        VerdictId::ServerRestarted,
        "The server was restarted, or went away, while the probe listened.",
        "probe again; if it happens again, read the server's log",
    ),
    Entry::new(
        VerdictId::CloseFrameLost,
        "The WebSocket's close frame does not come through: the end of the poem looks like a broken connection.",
        "make the proxy pass on what comes before the end of a connection",
    ),
    Entry::new(
        VerdictId::DoubleFraming,
        "The text contains chunk sizes: it was chunked twice, by the server and again by its host.",
        "let only one side write Transfer-Encoding: chunked",
    ),
    Entry::new(
        VerdictId::LostStanzas,
        "Stanzas are missing within one connection.",
        "report it with the output of --json: TCP does not lose data, so something drops messages",
    ),
    Entry::new(
        VerdictId::DoubledStanzas,
        "Stanzas come twice within one connection.",
        "something on the path repeats messages; report it with the output of --json if there is nothing there",
    ),
    Entry::new(
        VerdictId::CutByHost,
        "The host ends a stream that goes on at its origin.",
        "look for a limit on the time of a request or connection, or on silence, in the host's configuration; its log names the end of this connection",
    ),
    Entry::new(
        VerdictId::EventsDiffer,
        "Events are missing or doubled that come whole from the origin.",
        "look for something on the path that drops, repeats or rewrites messages (a queue, a retry, a plugin); TCP itself does neither",
    ),
    Entry::new(
        VerdictId::HeadersChanged,
        "Headers of the answer are changed on the way from the origin.",
        "nothing, if this is intended; otherwise look for rules that set or hide these headers",
    ),
    Entry::new(
        VerdictId::NotComparable,
        "The stream at the host and the one at its origin could not be compared in full.",
        "nothing on the host; compare a stream that says the same to everybody, or put dante echo at the origin",
    ),
    Entry::new(
        VerdictId::OriginItself,
        "It is the same at the origin: the host is not the cause.",
        "look at the application: its log, and what it does with this request when it is asked directly",
    ),
    Entry::new(
        VerdictId::LineStalled,
        "The line stalled: all streams stopped and resumed at the same moment.",
        "nothing on the host; probe again, or from another network",
    ),
    Entry::new(
        VerdictId::IdleCut,
        "A connection on which nothing is said for a while is cut.",
        "raise the idle timeout on the path; 60 s are enough for Dante, which never lets a connection be silent for longer than 25 s",
    ),
    Entry::new(
        VerdictId::PingsLost,
        "The engine's pings do not come through: it takes the client for dead, and closes.",
        "make the path pass on small WebSocket messages as they come",
    ),
    Entry::new(
        VerdictId::LimitNotTested,
        "This host may end every answer at a certain age, streams too; the probe did not watch for so long.",
        "probe again with --hold auto, which finds such limits",
    ),
    Entry::new(
        VerdictId::LostOnResume,
        "After reconnecting, the reading does not resume where it stopped.",
        "make the host pass on the query, Last-Event-ID and the engine's packets unchanged, and use the same edition on all nodes",
    ),
    Entry::new(
        VerdictId::EditionsDiffer,
        "The nodes behind this address read different texts: a reader who comes back to another node starts anew.",
        "start all nodes with the same --poem",
    ),
    Entry::new(
        VerdictId::DoubleCompression,
        "The page is marked as compressed, but cannot be unpacked: it was compressed twice, or unpacked on the path.",
        "let only one side compress",
    ),
    Entry::new(
        VerdictId::CorsBlocked,
        "Pages from this origin are refused.",
        "make the server allow the origin (Access-Control-Allow-Origin; Dante does with --allow-origin ORIGIN); where a proxy changes Host, or takes TLS off and sends no X-Forwarded-Proto, a server takes its own pages for foreign ones",
    ),
    Entry::new(
        VerdictId::CorsDoubled,
        "Access-Control-Allow-Origin, or Access-Control-Allow-Credentials, has two values, most often since two layers set it: browsers take two for none, and refuse pages from other origins.",
        "where two layers set it, let only one do so, the server or the proxy, and remove it in the other; and let it name one origin, never a list",
    ),
    Entry::new(
        VerdictId::CorsCredentials,
        "Pages from other origins cannot send cookies: with them (withCredentials), browsers take no * for an origin, and want Access-Control-Allow-Credentials: true.",
        "answer with the page's own origin in the place of *, with Vary: Origin, and with Access-Control-Allow-Credentials: true, in the one layer that sets them; Socket.IO does so with cors: { origin: \"https://the.page\", credentials: true }",
    ),
];
