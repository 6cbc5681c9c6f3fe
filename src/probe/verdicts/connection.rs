//! Verdicts on the path to the page: name, TCP, TLS, HTTP, page and client library.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::Unproved,
        "No stream came through, and no rule explains why; most likely the probe ran out of time.",
        "probe again with a longer --timeout; if the result is the same, report it with the output of --json",
    ),
    Entry::new(
        VerdictId::NameUnknown,
        "The host name does not resolve to an address.",
        "check the spelling; add an A or AAAA record to the domain's DNS; to test before the record exists: --resolve HOST:PORT:ADDRESS; if no DNS server answers, the network of this machine is the problem",
    ),
    Entry::new(
        VerdictId::NotListening,
        "Nothing listens at this address and port: the connection was refused.",
        "start the server or proxy, and check its port and address: 127.0.0.1 can only be reached from the same machine, 0.0.0.0 from everywhere",
    ),
    Entry::new(
        VerdictId::Unreachable,
        "No connection can be made: a firewall drops it, or there is no route to the address.",
        "open the port in the firewall or security group; check the address",
    ),
    Entry::new(
        VerdictId::AddressDead,
        "The name also has an address that does not answer; clients that try it first have to wait.",
        "let the server listen on that address too, or remove it from the DNS",
    ),
    Entry::new(
        VerdictId::AddressesDiffer,
        "The name has several addresses, and they answer differently: some clients get another server.",
        "remove the wrong address from the DNS, or make the same server listen on all of them; to probe one of them: --resolve HOST:PORT:ADDRESS",
    ),
    Entry::new(
        VerdictId::OneConnectionOnly,
        "The first connection was accepted, and all later ones are refused: whatever listens there serves one connection and ends.",
        "make it serve any number of connections (for socat: TCP-LISTEN:…,fork), or find out why the program ended",
    ),
    Entry::new(
        VerdictId::ConnectionsReset,
        "Some connections break off at random: the same request fails, and then succeeds.",
        "look for a device or server on the path that is overloaded, or one of several that is broken; its log says which connections it drops",
    ),
    Entry::new(
        VerdictId::BlackHole,
        "The connection is accepted, but no answer ever comes.",
        "check what listens there: a proxy whose server hangs, a suspended program, or a port for another protocol",
    ),
    Entry::new(
        VerdictId::TlsSelfSigned,
        "The certificate is self-signed; browsers reject it.",
        "get one from a certificate authority (Let's Encrypt, for example); to test anyway: --insecure",
    ),
    Entry::new(
        VerdictId::TlsExpired,
        "The certificate has expired.",
        "renew it, and reload the server so that it uses the new one; if it has been renewed, check the clock of this machine (date -u)",
    ),
    Entry::new(
        VerdictId::TlsNotYetValid,
        "By this machine's clock, the certificate is not valid yet.",
        "check the clock of this machine first (date -u), then the certificate's dates",
    ),
    Entry::new(
        VerdictId::TlsExpiresSoon,
        "The certificate expires soon and should have been renewed by now.",
        "find out why its renewal does not run",
    ),
    Entry::new(
        VerdictId::TlsWrongName,
        "The certificate does not cover the host name in the URL.",
        "use a name that the certificate covers, or get a certificate for this name",
    ),
    Entry::new(
        VerdictId::TlsUntrusted,
        "This system does not trust the certificate: an intermediate certificate is missing, or the authority is private.",
        "make the server send the whole chain (fullchain.pem); for a private authority, install its root certificate",
    ),
    Entry::new(
        VerdictId::TlsTooOld,
        "The server speaks only versions of TLS that browsers no longer accept (older than 1.2).",
        "turn on TLS 1.2 and 1.3 on the server",
    ),
    Entry::new(
        VerdictId::TlsUnknownName,
        "The server has no certificate for the host name in the URL, and ends the TLS handshake.",
        "check the spelling; add the name, with a certificate, to the server's configuration; if it is there and certificates come by ACME, the log says why none has come yet",
    ),
    Entry::new(
        VerdictId::TlsClientCertificate,
        "The server wants a client certificate, which a browser sends only if its user has one installed.",
        "turn off client certificates for this site, or give them to its users; the probe cannot send one",
    ),
    Entry::new(
        VerdictId::TlsOther,
        "The TLS handshake failed.",
        "the server's log says why; it needs TLS 1.2 or 1.3, a current cipher suite (ECDHE with AES-GCM or ChaCha20), and a certificate for this name",
    ),
    Entry::new(
        VerdictId::TlsToPlain,
        "The URL says https, but the port speaks plain HTTP.",
        "use http in the URL, or the port that speaks TLS; or turn on TLS for this port",
    ),
    Entry::new(
        VerdictId::PlainToTls,
        "The URL says http, but the port speaks TLS.",
        "use https in the URL, or the port that speaks plain HTTP",
    ),
    Entry::new(
        VerdictId::NoAnswer,
        "The connection was closed before an answer came.",
        "check the log of the program that listens there",
    ),
    Entry::new(
        VerdictId::SlowAnswer,
        "An answer took far longer than others, or did not come, or not to its end, in time.",
        "check the server's load; probe again with a longer --timeout",
    ),
    Entry::new(
        VerdictId::SlowStart,
        "The first answer took long, the next ones did not: the server had to start or wake up.",
        "nothing, if this is intended; otherwise keep the site loaded (Always On, minimum instances)",
    ),
    Entry::new(
        VerdictId::SlowLine,
        "The line is slow; the probe waited longer for each answer.",
        "nothing on the host; probe from another network to compare",
    ),
    Entry::new(
        VerdictId::Garbage,
        "The answer breaks the protocol.",
        "check whether another program listens there, or changes the traffic",
    ),
    Entry::new(
        VerdictId::BodyCut,
        "An answer is cut off: its Content-Length does not fit its body, or the connection ends too early.",
        "find what changes bodies on the path without changing Content-Length, or closes connections in the middle of an answer",
    ),
    Entry::new(
        VerdictId::TextAdded,
        "Something on the path adds text to the answers.",
        "turn off what injects scripts or markup (analytics, live reload, a filter), at least for socket.io/, sse/ and websocket/",
    ),
    Entry::new(
        VerdictId::Http10,
        "Something on the path speaks HTTP/1.0, which has neither upgrades nor chunked answers.",
        "make the proxy use HTTP/1.1 to the server",
    ),
    Entry::new(
        VerdictId::RedirectLoop,
        "The redirects form a loop, or there are too many.",
        "behind a proxy that terminates TLS, stop the server from redirecting to https; let only one side add the trailing slash",
    ),
    Entry::new(
        VerdictId::BadRedirect,
        "A redirect points to an unusable URL.",
        "find the rule that writes this Location header",
    ),
    Entry::new(
        VerdictId::RedirectLosesPort,
        "A redirect leads to another port: its Location has lost the port of the URL.",
        "make the redirect relative, or write the port that clients use into it",
    ),
    Entry::new(
        VerdictId::RedirectLosesHttps,
        "A redirect leads from https back to http.",
        "make the redirect relative, or let the proxy tell the server that clients use https (X-Forwarded-Proto)",
    ),
    Entry::new(
        VerdictId::RedirectElsewhere,
        "A redirect leads away, and clients do not get there what they asked for.",
        "if that is where {app} is, let clients use that URL, and probe it; otherwise find the rule that writes this Location",
    ),
    Entry::new(
        VerdictId::NotDante,
        "What answers is neither Dante's page nor a stream that the probe recognizes.",
        "for your own application, give the stream's URL, and say what it is: --ws, --sse, --post BODY or --socketio PATH; for Dante, check the host and the path",
    ),
    Entry::new(
        VerdictId::PageRefused,
        "The host refuses to serve the page.",
        "if it asks for credentials: --header 'Authorization: …'; otherwise check the host's access rules",
    ),
    Entry::new(
        VerdictId::LoginRequired,
        "A login page answers instead of {app}: users have to sign in first.",
        "sign in with a browser, and give the probe its cookie: --header 'Cookie: NAME=VALUE'; or exempt this path",
    ),
    Entry::new(
        VerdictId::CredentialsRequired,
        "The host asks for credentials (401).",
        "give them: --header 'Authorization: Basic …' or the header that the host wants; browsers cannot add headers to a WebSocket, so exempt its path or use cookies there",
    ),
    Entry::new(
        VerdictId::BlockedByFirewall,
        "A web application firewall or bot check answers instead of {app}.",
        "allow this path in the firewall's rules; its log names the rule",
    ),
    Entry::new(
        VerdictId::UserAgentRefused,
        "The host refuses the probe for its User-Agent; it lets browsers in.",
        "probe as a browser: --header 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0'",
    ),
    Entry::new(
        VerdictId::Misdirected,
        "The host says that it does not serve this name on this connection (421).",
        "add the name to the host's configuration; with SNI, the name in TLS and in Host must be the same",
    ),
    Entry::new(
        VerdictId::AnswersAlternate,
        "The same request gets different answers in turn: several servers answer, and not all of them are {app}, or healthy.",
        "find the servers behind this address; take out the one that is dead or is another site, and turn on health checks",
    ),
    Entry::new(
        VerdictId::RateLimited,
        "The host limits how many requests a client may make in a time.",
        "raise the limit, or exempt this path: a page load and long polling make several requests a second",
    ),
    Entry::new(
        VerdictId::ConnectionLimited,
        "The host limits how many connections or requests may be open at once; streams stay open.",
        "raise the limit: each reader needs one or two open connections, and readers behind one address share it",
    ),
    Entry::new(
        VerdictId::StaleAnswer,
        "An answer comes from a cache on the path, and is out of date.",
        "turn off the cache for {app}'s paths, and purge it; Cache-Control: no-store marks what must not be kept, as Dante sends it",
    ),
    Entry::new(
        VerdictId::PrefixMismatch,
        "The path and the prefix do not match: the server expects another path than the host uses.",
        "start dante with the --prefix (or DANTE_PREFIX) in the URL, or let the proxy strip that prefix",
    ),
    Entry::new(
        VerdictId::DoubleSlash,
        "The proxy sends paths with a double slash to Dante.",
        "let both sides end in a slash, or neither: the location and the address to which it passes",
    ),
    Entry::new(
        VerdictId::UrlDecoded,
        "Something on the path decodes percent-encoding in the URL, and passes on what is not a URL any more.",
        "pass the URL on as it came; or choose a prefix without spaces and other characters that need encoding",
    ),
    Entry::new(
        VerdictId::HostHeaderLost,
        "The Host header does not reach {app} as it should.",
        "make the proxy send one Host header: the one that the client sent",
    ),
    Entry::new(
        VerdictId::ProxyProtocol,
        "The proxy speaks the PROXY protocol to Dante, which expects plain HTTP.",
        "turn it off for this server (HAProxy: remove send-proxy; hitch: write-proxy-v2 = off; AWS NLB: proxy_protocol_v2.enabled=false)",
    ),
    Entry::new(
        VerdictId::TlsToServer,
        "The proxy speaks TLS to Dante, which expects plain HTTP.",
        "pass to http://, not https://: TLS ends at the proxy",
    ),
    Entry::new(
        VerdictId::Http2ToServer,
        "The proxy speaks HTTP/2 to Dante, which expects HTTP/1.1.",
        "use HTTP/1.1 to the server: WebSocket upgrades need it",
    ),
    Entry::new(
        VerdictId::RefusedByDante,
        "Dante itself refuses the request as it arrives.",
        "its answer says what is wrong and what to change; docs/faults.md lists all faults",
    ),
    Entry::new(
        VerdictId::IisnodeError200,
        "iisnode shows an error page with status 200: {app} did not start, or has stopped.",
        "read the page's text and the logs; set devErrorsEnabled=\"false\", so that errors have an error status",
    ),
    Entry::new(
        VerdictId::GuestNotStarted,
        "The host answers, but the server behind it does not.",
        "start the server, and check the address and port in the proxy's configuration",
    ),
    Entry::new(
        VerdictId::GuestTooSlow,
        "The host waited for the server behind it, and gave up (504).",
        "look at the server's load; if the server waits on purpose (long polling, streams), raise the host's timeout",
    ),
    Entry::new(
        VerdictId::OriginTlsFailed,
        "The host cannot make a TLS connection to the server behind it.",
        "set the origin's scheme to http, or install a valid certificate there",
    ),
    Entry::new(
        VerdictId::Maintenance,
        "A maintenance page answers (503).",
        "wait until it is over, or take the page down; the server behind it is not the cause",
    ),
    Entry::new(
        VerdictId::HostingUnreadable,
        "The page is Dante's, but its hosting.json cannot be read.",
        "make the host pass on everything below the prefix, not only the page; an older Dante has no hosting.json",
    ),
    Entry::new(
        VerdictId::OnlyPartPassed,
        "Only a part of Dante's paths reaches it; for the others the host gives an answer of its own.",
        "make the host pass on everything below {prefix}/: socket.io/, websocket/, sse/, static/ and hosting.json",
    ),
    Entry::new(
        VerdictId::LibraryMissing,
        "The page's client library does not load.",
        "make the host pass on everything below socket.io/ to {app}, including scripts",
    ),
    Entry::new(
        VerdictId::WrongLibraryVersion,
        "The client library is not the one that the page asks for, or is too old for the server.",
        "make caches respect the query of a URL; run the same version on all nodes",
    ),
];
