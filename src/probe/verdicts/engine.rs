//! Verdicts on the engine: handshake, stickiness, upgrade.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::NoSocketio,
        "Nothing answers at the engine's path.",
        "check the path: it is not the namespace; the default is /socket.io/ below the prefix; make the host pass it on",
    ),
    Entry::new(
        VerdictId::HtmlInsteadOfHandshake,
        "An HTML page comes where the stream should be.",
        "the path leads to another server or to a catch-all page: check it (Socket.IO's is /socket.io/ below the prefix), and make the host pass it on before the rule that answers with a page",
    ),
    Entry::new(
        VerdictId::WrongEio,
        "The server does not speak version 4 of Engine.IO.",
        "use Socket.IO 3 or 4 on the server, or a client of the server's version (allowEIO3 lets old clients use new servers)",
    ),
    Entry::new(
        VerdictId::EngineRefused,
        "The engine, or something in front of it, refuses the handshake.",
        "read the answer; check allowRequest and similar options",
    ),
    Entry::new(
        VerdictId::GatewayAnswers,
        "A gateway answers in the place of the engine, with an error of its own.",
        "read its answer; route the engine's path to {app}",
    ),
    Entry::new(
        VerdictId::QueryLost,
        "The query of the URL gets lost on the way: the engine does not see EIO and transport.",
        "pass the query on unchanged",
    ),
    Entry::new(
        VerdictId::SidLost,
        "The session's id (sid) gets lost on the way: each request opens a new session.",
        "pass the whole query on unchanged",
    ),
    Entry::new(
        VerdictId::UrlChanged,
        "The URL is changed on the way: what reaches the server is not what was asked for.",
        "pass the URL on unchanged",
    ),
    Entry::new(
        VerdictId::EngineCached,
        "A cache answers for the engine: the same session was given out twice.",
        "turn off caching for socket.io/, whatever the server says",
    ),
    Entry::new(
        VerdictId::PollingDisabledByServer,
        "The server does not allow long polling.",
        "nothing, if this is intended; otherwise allow both: transports: ['polling', 'websocket'] in the options of Socket.IO's server, or dante --transports websocket,polling",
    ),
    Entry::new(
        VerdictId::NoStickiness,
        "Requests of one polling session reach different processes, and only one of them knows the session.",
        "run one process, turn on sticky sessions at the proxy, or use only WebSocket (transports: ['websocket'] in the options of Socket.IO's client, or dante --transports websocket)",
    ),
    Entry::new(
        VerdictId::StickinessByCookie,
        "Polling works only for clients that send cookies back, as browsers do.",
        "nothing for browsers; other clients should use only WebSocket, or keep cookies",
    ),
    Entry::new(
        VerdictId::PollFailures,
        "Some requests of a polling session fail.",
        "find these requests in the host's log",
    ),
    Entry::new(
        VerdictId::PostRefused,
        "POST requests are refused: polling clients can listen, but say nothing, and cannot even join.",
        "allow POST on socket.io/",
    ),
    Entry::new(
        VerdictId::BodyLimit,
        "The host limits the size of request bodies, and refuses larger ones (413).",
        "raise the limit of request bodies; the engine's clients send up to 1 MB in one request",
    ),
    Entry::new(
        VerdictId::RequestBuffered,
        "The host keeps a request's body until it is whole, and only then passes it on.",
        "nothing, unless the server has to read an upload while it is sent (a streamed upload, gRPC, a progress bar): then turn off the buffering of requests for its path",
    ),
    Entry::new(
        VerdictId::UpgradeStripped,
        "Something on the path removes the headers that ask for an upgrade.",
        "make the proxy pass on Upgrade and Connection, over HTTP/1.1",
    ),
    Entry::new(
        VerdictId::UpgradeRefused,
        "The WebSocket upgrade is refused.",
        "read the answer, and find this request in the host's log",
    ),
    Entry::new(
        VerdictId::UpgradeUnanswered,
        "Requests for an upgrade are never answered, while others are: the proxy takes them and does nothing.",
        "turn on WebSocket support in the proxy",
    ),
    Entry::new(
        VerdictId::SlowUpgrade,
        "WebSocket works, but its upgrade takes seconds, while other requests are answered at once.",
        "find what holds upgrades up: an inspecting proxy, a slow check of access, or a server that is started for each",
    ),
    Entry::new(
        VerdictId::UpgradesRemoved,
        "WebSocket works, but the handshake by polling no longer offers it: clients that start with polling stay there.",
        "pass the handshake on unchanged: \"upgrades\":[\"websocket\"] was removed",
    ),
    Entry::new(
        VerdictId::ClosedAfter101,
        "The upgrade is accepted, but the connection closes before any packet comes. Clients that poll first stay with long polling, or, with servers that \
         end a session whose upgrade fails (socketioxide's engine by itself), lose it again and again.",
        "check what accepted it: a proxy whose connection to the server failed, or a server that never got the upgrade; until then, offer long polling \
         alone: dante --transports polling, or transports: ['polling'] in the options of Socket.IO's server",
    ),
    Entry::new(
        VerdictId::IisWebsocketModuleOn,
        "IIS's own WebSocket module takes the upgrade that {app}, behind iisnode, answers itself.",
        "in web.config: <webSocket enabled=\"false\" />; if the section is locked: appcmd unlock config -section:system.webServer/webSocket",
    ),
    Entry::new(
        VerdictId::IisWebsocketModuleOff,
        "WebSocket support is not installed in IIS, or is turned off.",
        "install the IIS feature \"WebSocket Protocol\" (Install-WindowsFeature Web-WebSockets), and remove <webSocket enabled=\"false\" /> from web.config",
    ),
    Entry::new(
        VerdictId::WebsocketForbidden,
        "WebSocket is forbidden by a web application firewall, a policy, or the server's Origin check.",
        "make the firewall or policy allow Upgrade: websocket; check which origins the server allows",
    ),
    Entry::new(
        VerdictId::WebsocketDisabledByServer,
        "The server itself does not allow WebSocket.",
        "allow both: transports: ['polling', 'websocket'] in the options of Socket.IO's server, or dante --transports websocket,polling",
    ),
    Entry::new(
        VerdictId::FirefoxConnection,
        "Upgrades with Connection: keep-alive, Upgrade, as Firefox sends it, fail; other upgrades work.",
        "make the host keep the Connection header, or let the server check only Upgrade",
    ),
    Entry::new(
        VerdictId::DeflateNegotiated,
        "WebSocket compression (permessage-deflate) is agreed on through IIS, which cannot carry it: a WebSocket opens, then falls silent or closes.",
        "turn off permessage-deflate (for Node.js, perMessageDeflate: false)",
    ),
    Entry::new(
        VerdictId::DeflateBroken,
        "WebSocket compression (permessage-deflate) is agreed on, but compressed messages do not come through.",
        "let only those agree to it that can do it: make the proxy pass Sec-WebSocket-Extensions on unchanged in both directions, or remove it from requests; on the server, turn permessage-deflate off (for Node.js, perMessageDeflate: false)",
    ),
    Entry::new(
        VerdictId::DeflateOfferRefused,
        "Upgrades fail when the client offers compression, as all browsers do.",
        "make the proxy remove Sec-WebSocket-Extensions from requests",
    ),
];
