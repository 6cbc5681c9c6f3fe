//! The scripts and styles of the page that come from its own host, and some of what the scripts import.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::twice::ask_twice;
use crate::probe::{
    classify::refusal,
    client::http::{MAX_BODY, Request},
    context::Context,
    evidence::{Exchange, FetchedFile, FileKind, Files, NamedFile, Page},
    html::imports,
    target::Target,
};

/// How many files that the page names are fetched, and how many that these import: hosts treat files alike by their folder and ending,
/// so that a few show what all would.
const NAMED: usize = 6;
const IMPORTED: usize = 3;

/// As many redirects as a file may need to get to its place.
const REDIRECTS: usize = 3;

/// What is to be fetched.
struct Wanted {
    target: Target,
    kind: FileKind,
    imported_by: Option<String>,
    integrity: Option<String>,
}

/// Fetches the page's files, side by side. The client library is left out: another hop has it.
pub(crate) async fn files(context: &Context, page: &Page) -> Files {
    let base = base(&context.page, page);
    let library = page.client_library.as_deref();
    let named = page.markup.files.iter().filter(|file| Some(file.url.as_str()) != library);
    let mut wanted: Vec<Wanted> = Vec::new();
    for file in named {
        let Some(target) = own(context, &base, &file.url) else { continue };
        if wanted.len() < NAMED && wanted.iter().all(|known| known.target != target) {
            let NamedFile { kind, integrity, .. } = file.clone();
            wanted.push(Wanted { target, kind, imported_by: None, integrity });
        }
    }
    let mut folders: HashSet<String> = wanted.iter().map(folder).collect();
    let named = join_all(wanted.into_iter().map(|file| Box::pin(fetch(context, file)))).await;
    let mut wanted: Vec<Wanted> = Vec::new();
    for (file, script) in
        named.iter().filter(|(file, _)| file.kind == FileKind::Module && file.exchange.is(200))
    {
        let Ok(importer) = Target::parse(&file.exchange.url) else { continue };
        for specifier in imports(script) {
            let Some(target) = own(context, &importer, specifier) else { continue };
            let imported_by = Some(file.exchange.url.clone());
            let one = Wanted { target, kind: FileKind::Module, imported_by, integrity: None };
            if wanted.len() < IMPORTED && folders.insert(folder(&one)) {
                wanted.push(one);
            }
        }
    }
    let imported = join_all(wanted.into_iter().map(|file| Box::pin(fetch(context, file)))).await;
    Files { fetched: named.into_iter().chain(imported).map(|(file, _)| file).collect() }
}

/// What the page's relative URLs start from.
pub(crate) fn base(here: &Target, page: &Page) -> Target {
    page.markup.base.as_deref().and_then(|base| here.join(base).ok()).unwrap_or_else(|| here.clone())
}

/// Where a file of this host is. What comes from others is not this host's doing, and headers that the user gave are not for them.
fn own(context: &Context, base: &Target, url: &str) -> Option<Target> {
    base.join(url).ok().filter(|target| target.same_origin(&context.page))
}

fn folder(file: &Wanted) -> String {
    format!("{:?} {}", file.kind == FileKind::Style, file.target.folder())
}

/// Fetches one, through redirects on this host; gives its text, too.
async fn fetch(context: &Context, mut file: Wanted) -> (FetchedFile, String) {
    let is_good = |exchange: &Exchange, _: &[u8]| {
        is_redirect(exchange) || (came(exchange) && refusal(exchange, file.kind, false).is_none())
    };
    let mut redirects = 0;
    loop {
        let request = Request::get(file.target.clone(), context.limit()).with("accept-encoding", "identity");
        let request = context.with_cookies(request);
        let (exchange, body) = ask_twice(&context.connector, request, is_good).await;
        let next = exchange.header("location").filter(|_| is_redirect(&exchange));
        let next = next.and_then(|location| own(context, &file.target, location));
        if let Some(next) = next.filter(|_| redirects < REDIRECTS) {
            redirects += 1;
            file.target = next;
            continue;
        }
        let whole = exchange.is(200);
        let intact = file.integrity.as_deref().filter(|_| whole).and_then(|hashes| has_one_of(&body, hashes));
        let Wanted { kind, imported_by, .. } = file;
        return (
            FetchedFile { kind, imported_by, exchange, intact },
            String::from_utf8_lossy(&body).into_owned(),
        );
    }
}

fn is_redirect(exchange: &Exchange) -> bool {
    matches!(exchange.status, Some(301 | 302 | 303 | 307 | 308))
}

/// Whether the file came; of a large one only the start is read.
fn came(exchange: &Exchange) -> bool {
    exchange.status == Some(200) && (exchange.failure.is_none() || exchange.body_bytes >= MAX_BODY)
}

/// Whether a file has one of these hashes: of the strongest kind that is named (Subresource Integrity, 3.3.4). None where no hash
/// is one.
fn has_one_of(body: &[u8], hashes: &str) -> Option<bool> {
    let hashes: Vec<(&str, &str)> =
        hashes.split_ascii_whitespace().filter_map(|hash| hash.split('?').next()?.split_once('-')).collect();
    let digests = [
        ("sha512", Sha512::digest(body).to_vec()),
        ("sha384", Sha384::digest(body).to_vec()),
        ("sha256", Sha256::digest(body).to_vec()),
    ];
    digests.into_iter().find_map(|(name, digest)| {
        let mut wanted = hashes.iter().filter(|(kind, _)| kind.eq_ignore_ascii_case(name)).peekable();
        wanted.peek()?;
        let digest = STANDARD.encode(digest);
        let digest = digest.trim_end_matches('=');
        Some(wanted.any(|(_, hash)| hash.replace('-', "+").replace('_', "/").trim_end_matches('=') == digest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes() {
        // printf abc | openssl dgst -sha256 -binary | base64, and with sha384.
        const OF_256: &str = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        const OF_384: &str = "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn";
        for (hashes, has) in [
            (OF_256, Some(true)),
            (&OF_256.replace('+', "-").replace('/', "_"), Some(true)),
            (&format!("{OF_256}?ct=text/javascript"), Some(true)),
            (&format!("sha256-AAAA {OF_256}"), Some(true)),
            (&format!("{OF_384} sha256-AAAA"), Some(true)),
            (&format!("sha384-AAAA {OF_256}"), Some(false)),
            ("sha256-AAAA", Some(false)),
            ("md5-AAAA nonsense", None),
            ("", None),
        ] {
            assert_eq!(has_one_of(b"abc", hashes), has, "{hashes}");
        }
    }
}
