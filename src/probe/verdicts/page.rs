//! Verdicts on what a browser makes of the page: its files, its policies, its cookies.

use super::{Entry, VerdictId};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        VerdictId::FilesMissing,
        "The page comes, but not the scripts and styles that it names: in a browser it shows little or nothing.",
        "make the host pass on everything below {prefix}/, not only the page and its streams; look for a rule for file endings (.js, .css) or for a folder of static files, which takes these requests first, or for something that adds a <base> to the page",
    ),
    Entry::new(
        VerdictId::HtmlInsteadOfFile,
        "An HTML page comes where a script or style should: a catch-all page takes requests for files.",
        "pass everything below {prefix}/ on to the server before the rule that answers with a page (try_files, a fallback to index.html)",
    ),
    Entry::new(
        VerdictId::FileTypeRefused,
        "A script or style comes with a type for which browsers refuse it.",
        "pass on the server's Content-Type; where the host has copies of the files: .js is text/javascript, .css is text/css",
    ),
    Entry::new(
        VerdictId::IntegrityMismatch,
        "A script or style is changed on the way: it does not have the hash that the page names, so browsers refuse it.",
        "turn off what rewrites scripts and styles (minification, injected code), and purge caches that keep another version",
    ),
    Entry::new(
        VerdictId::BlockedByCsp,
        "A Content-Security-Policy forbids files or connections of the page: browsers do not load them, and do not connect.",
        "let each policy allow what the page needs: 'self' in script-src, style-src and connect-src, and in connect-src wss:// and the name of any other host that it connects to; Dante sends a policy of its own, which is enough for its page: take out the one that is added. upgrade-insecure-requests needs https here, and sandbox needs allow-scripts and allow-same-origin",
    ),
    Entry::new(
        VerdictId::MixedContent,
        "The page comes over https and names scripts or styles over plain http: browsers block them.",
        "let the page name its files by relative or https URLs, as Dante's does; turn off what rewrites them (sub_filter, a translating proxy, <base>), or let it write https",
    ),
    Entry::new(
        VerdictId::CookieNotReturned,
        "The host tells its servers apart by a cookie, and browsers do not send that cookie back: its attributes keep it from them.",
        "give the sticky cookie Path=/ (or {prefix}/), no Domain, and Secure only where the page comes over https; with SameSite=None it needs Secure",
    ),
];
