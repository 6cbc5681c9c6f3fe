//! The page, what the server saw of us, the client library, compression.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::twice::ask_twice;
use crate::contract::{HostingStatus, echo, paths};
use crate::probe::{
    app::recognise::engine_of_page,
    classify::{Class, classify},
    client::{
        connector::Connector,
        http::{self, Request},
        unpack::Unpacker,
    },
    context::Context,
    cookies::Jar,
    evidence::{Compression, Exchange, Hosting, Library, Markup, Page},
    html,
    target::Target,
};

/// As many redirects as curl's users take for plenty, and few enough to be shown.
const REDIRECTS: usize = 8;

/// After how long a body that is no page's is left.
const GLANCE: Duration = Duration::from_secs(3);

/// How many fresh connections ask which node answers; every other hop may tell, too.
const NODES: usize = 2;

/// How a browser names itself.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Asks for the page and follows redirects, with the cookies that these set; gives what was seen, the last answer's body, and where it was.
pub(crate) async fn page(
    connector: &Connector,
    start: &Target,
    cookies: &mut Jar,
    mut limit: impl FnMut() -> Duration,
) -> (Page, Target, Option<Target>) {
    let mut page = Page::default();
    let mut target = start.clone();
    loop {
        let page_of_html = Request::get(target.clone(), limit()).with("accept", "text/html");
        let mut request = Request { glance: Some(GLANCE), ..page_of_html };
        if let Some(cookie) = cookies.header(&target) {
            request = request.with("cookie", cookie);
        }
        let expected = |exchange: &Exchange, body: &[u8]| {
            matches!(exchange.status, Some(301 | 302 | 303 | 307 | 308))
                || exchange.unended
                || (exchange.is(200) && is_dante(&String::from_utf8_lossy(body)))
                || exchange.header(echo::HEADER).is_some()
        };
        let (exchange, body) = ask_twice(connector, request.clone(), expected).await;
        let class = classify(&exchange);
        let refused = matches!(class, Class::Forbidden | Class::Firewall | Class::Other(_));
        if refused && !connector.plan().headers.iter().any(|(name, _)| name == "user-agent") {
            let as_browser = request.with("user-agent", BROWSER);
            page.as_browser = Some(http::fetch(connector, as_browser).await.0);
        }
        let location = exchange
            .status
            .filter(|status| matches!(status, 301 | 302 | 303 | 307 | 308))
            .and_then(|_| exchange.header("location").map(str::to_owned));
        cookies.take(&target, &exchange.headers);
        page.exchanges.push(exchange);
        page.url = target.to_string();
        let Some(location) = location else {
            let html = String::from_utf8_lossy(&body);
            page.is_dante = is_dante(&html);
            page.markup = html::read(&html);
            page.client_library = library_of(&page.markup);
            page.engine = engine_of_page(&target, &html, &page.markup);
            return (page, target, None);
        };
        if page.exchanges.len() > REDIRECTS {
            page.too_many_redirects = true;
            return (page, target, None);
        }
        match target.join(&location) {
            Ok(next) if !next.same_origin(&target) => return (page, target, Some(next)),
            Ok(next) => {
                // A host that sets a cookie and asks for the same again gets it then, from a browser, too.
                let cookie = cookies.header(&next);
                let is_same = |seen: &Exchange| {
                    let sent = seen.sent.iter().find(|(name, _)| name == "cookie").map(|(_, value)| value);
                    seen.url == next.to_string() && sent == cookie.as_ref()
                };
                if page.exchanges.iter().any(is_same) {
                    page.too_many_redirects = true;
                    return (page, target, None);
                }
                target = next;
            }
            Err(reason) => {
                page.bad_redirect = Some(format!("{location:?}: {reason}"));
                return (page, target, None);
            }
        }
    }
}

/// The mark of Dante's pages: the state of the reading in the body's attributes.
pub(super) fn is_dante(html: &str) -> bool {
    html.contains("data-edition=\"") && html.contains("data-interval=\"")
}

/// The client library that a page loads.
fn library_of(markup: &Markup) -> Option<String> {
    let mut urls = markup.files.iter().map(|file| &file.url);
    urls.find(|url| url.contains("socket.io") && url.contains(".js")).cloned()
}

/// Where else on this host Dante answers; this very folder comes first, since only the page may be missing. A host that cannot reach
/// what is behind it is not asked everywhere.
pub(crate) async fn elsewhere(context: &Context, page: &Exchange) -> Option<String> {
    let here = context.page.folder().to_owned();
    let others = match classify(page) {
        Class::OriginDown
        | Class::OriginSlow
        | Class::OriginTls
        | Class::Maintenance
        | Class::Unavailable => Vec::new(),
        _ => candidates(&here),
    };
    for folder in std::iter::once(here).chain(others) {
        let target = context.page.at(&format!("{}{}", folder.trim_end_matches('/'), paths::HOSTING));
        let (exchange, body) = http::fetch(&context.connector, Request::get(target, context.limit())).await;
        if exchange.is(200) && parse_status(&body).is_some() {
            return Some(folder);
        }
    }
    None
}

/// Where Dante is often found: at the root, under the sample's prefix, and in what stands above.
pub(crate) fn candidates(here: &str) -> Vec<String> {
    let mut folders = vec!["/".to_owned(), "/dante/".to_owned()];
    let mut above = here.trim_end_matches('/');
    while let Some(at) = above.rfind('/') {
        above = &above[..at];
        folders.push(format!("{above}/"));
    }
    let mut known = vec![here.to_owned()];
    folders.retain(|folder| {
        let new = !known.contains(folder);
        known.push(folder.clone());
        new
    });
    folders.truncate(4);
    folders
}

fn parse_status(body: &[u8]) -> Option<HostingStatus> {
    let status: HostingStatus = serde_json::from_slice(body).ok()?;
    (!status.edition.is_empty() && !status.request.path.is_empty()).then_some(status)
}

/// What the server says that it saw, and which nodes answer.
pub(crate) async fn hosting(context: &Context) -> Hosting {
    let target = context.below(paths::HOSTING);
    let request = Request::get(target.clone(), context.limit());
    let readable = |exchange: &Exchange, body: &[u8]| exchange.is(200) && parse_status(body).is_some();
    let (mut exchange, body) = ask_twice(&context.connector, request, readable).await;
    let answer = parse_status(&body).filter(|_| exchange.is(200));
    let mut editions: Vec<String> = Vec::new();
    let mut nodes: Vec<String> = Vec::new();
    let add = |all: &mut Vec<String>, text: &str| {
        if !text.is_empty() && !all.iter().any(|known| known == text) {
            all.push(text.chars().take(64).collect());
        }
    };
    let mut note = |status: Option<&HostingStatus>| {
        let Some(status) = status else { return };
        add(&mut nodes, &status.node);
        add(&mut editions, &status.edition);
    };
    note(answer.as_ref());
    if answer.is_some() {
        for _ in 1..NODES {
            let (other, body) =
                http::fetch(&context.connector, Request::get(target.clone(), context.limit())).await;
            note(parse_status(&body).as_ref());
            // One that was refused before it was answered shows a limit.
            if exchange.again.is_none() && other.again.is_some() && readable(&other, &body) {
                exchange = other;
            }
        }
    }
    let prefix = context.page.folder().trim_end_matches('/').to_owned();
    Hosting { exchange, answer, prefix, nodes, editions }
}

/// The client library, by the URL that the page names, or beside the engine.
pub(crate) async fn library(context: &Context, named: Option<&str>) -> Library {
    let request = library_request(context, named);
    let expected_hash = request.target.query_value("v");
    let (exchange, body) = ask_twice(&context.connector, request, |exchange, _| exchange.is(200)).await;
    let whole = exchange.is(200);
    let hash = expected_hash.as_ref().filter(|_| whole).map(|expected| {
        let digest = Sha256::digest(&body);
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        hex.chars().take(expected.len()).collect()
    });
    let version = version_of(&String::from_utf8_lossy(&body)).filter(|_| whole);
    Library { exchange, version, expected_hash, hash }
}

/// What asks for the client library.
pub(super) fn library_request(context: &Context, named: Option<&str>) -> Request {
    let target = match named.map(|url| context.page.join(url)) {
        Some(Ok(target)) => target,
        _ => context.page.at(&format!("{}socket.io.js", context.engine)),
    };
    Request::get(target, context.limit()).with("accept-encoding", "identity")
}

/// The version in the banner of the official bundles: ` * Socket.IO v4.8.1`.
fn version_of(script: &str) -> Option<String> {
    let start = script.get(..script.len().min(1000)).unwrap_or(script);
    let version = start.split("Socket.IO v").nth(1)?;
    let end = version.find(|letter: char| letter != '.' && !letter.is_ascii_alphanumeric() && letter != '-');
    Some(version[..end.unwrap_or(version.len())].chars().take(20).collect())
}

/// How the page comes to those who take gzip, and how an event stream does: one that starts at the end of the
/// poem, and so ends at once, which shows its head even where a stream is held back.
pub(crate) async fn compression(context: &Context, of: Option<u64>) -> Compression {
    let request = |target: Target| Request::get(target, context.limit()).with("accept-encoding", "gzip");
    let ended = of.map(|of| {
        request(context.below(paths::SSE).with_query([("from", of.to_string().as_str())]))
            .with("accept", "text/event-stream")
    });
    let ((exchange, body), stream) =
        tokio::join!(http::fetch(&context.connector, request(context.page.clone())), async {
            match ended {
                // Only the head: at a node that reads another text, the stream goes on.
                Some(ended) => match http::send(&context.connector, ended).await {
                    Ok(answer) => Some(answer.exchange),
                    Err(exchange) => Some(*exchange),
                },
                None => None,
            }
        });
    let coding = |exchange: &Exchange| exchange.header("content-encoding").map(str::to_owned);
    let page = coding(&exchange);
    let page_unpacks = page.as_deref().filter(|_| exchange.is(200)).map(|coding| {
        let unpacked = Unpacker::new(Some(coding)).feed(&body);
        unpacked.is_ok_and(|text| text.windows(5).any(|tag| tag.eq_ignore_ascii_case(b"<html")))
    });
    Compression { page, page_unpacks, stream: stream.as_ref().and_then(coding) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_else_to_look() {
        assert_eq!(candidates("/"), ["/dante/"]);
        assert_eq!(candidates("/dante/"), ["/"]);
        assert_eq!(candidates("/a/b/"), ["/", "/dante/", "/a/"]);
    }

    #[test]
    fn versions_and_libraries() {
        assert_eq!(version_of("/*!\n * Socket.IO v4.8.1\n * (c)").as_deref(), Some("4.8.1"));
        assert_eq!(version_of("<html>"), None);
        let html = r#"<script src="x.js"></script><script src="socket.io/socket.io.js?v=ab" defer>"#;
        assert_eq!(library_of(&html::read(html)).as_deref(), Some("socket.io/socket.io.js?v=ab"));
    }
}
