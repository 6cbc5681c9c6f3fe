//! `docs/known-hosts.md`, made from the table.

use std::fmt::Write as _;

use super::{
    Profile,
    limits::Wait,
    signs::{Refusal, Sign},
};

/// One sign in Markdown.
fn sign(sign: Sign) -> String {
    // Without the tags around them, words are easier to read.
    let quoted = |text: &str| {
        let untagged = text.split('<').map(|part| part.rsplit('>').next().unwrap_or_default());
        let untagged: Vec<_> = untagged.collect();
        format!("`{}`", untagged.join(" ").split_whitespace().collect::<Vec<_>>().join(" "))
    };
    match sign {
        Sign::Server(part) => format!("`Server: {part}`"),
        Sign::Via(part) => format!("`Via: {part}`"),
        Sign::Header(name, "") => format!("header `{name}`"),
        Sign::Header(name, part) => format!("`{name}: {part}`"),
        Sign::Cookie(name) => format!("cookie `{}`", name.trim_end_matches('=')),
        Sign::Certificate(part) => format!("certificate “{part}”"),
        Sign::Words(words) => format!("its page has {}", quoted(words)),
        Sign::Own(name, "") => format!("header `{name}` in its own answers"),
        Sign::Own(name, part) => format!("`{name}: {part}` in its own answers"),
        Sign::Bare(text) => format!("its answer is only {}", quoted(text)),
        Sign::Malformed(Refusal::Nothing) => {
            "refuses a malformed request with a status line alone".to_owned()
        }
        Sign::Malformed(Refusal::OnlyClose) => {
            "refuses a malformed request with `Connection: close` alone".to_owned()
        }
        Sign::Malformed(Refusal::StatusLine) => {
            "refuses a malformed request with the text `400 Bad Request`".to_owned()
        }
        Sign::Malformed(Refusal::Server(part)) => format!("refuses a malformed request as `{part}`"),
    }
}

fn document() -> String {
    let mut text = String::from(
        "# Hosts that `dante probe` knows\n\n\
         How each shows itself, how long it waits unless it is told otherwise, and which versions were run for this table; the others are\n\
         known from their documentation only. What fixes a verdict on each is in [verdicts.md](verdicts.md). A host that shows none of\n\
         these signs stays unknown. Where headers do not tell which of two hosts stands first, the probe asks by a request that no parser\n\
         accepts (`Content-Length: x`): whoever parses first refuses it in its own words.\n\n\
         Generated from `src/probe/hosts/`. A test fails when it is out of date; `EXPECTORATE=overwrite cargo test --lib probe` writes it\n\
         again.\n\n\
         | host | in JSON | shows itself by | waits by default | run here |\n|---|---|---|---|---|\n",
    );
    for profile in Profile::all() {
        let cell = |parts: Vec<String>| match parts.join("; ").replace('|', "\\|") {
            empty if empty.is_empty() => "–".to_owned(),
            text => text,
        };
        let limits = profile.limits.iter().map(|limit| {
            let on = match limit.on {
                Wait::Silence => "of silence",
                Wait::Age => "in all",
                Wait::FirstByte => "for the first byte",
            };
            format!("{} s {on}: {} ({})", limit.seconds, limit.directive, limit.source)
        });
        let name = serde_json::to_value(profile.host).unwrap();
        writeln!(
            text,
            "| {} | `{}` | {} | {} | {} |",
            profile.name,
            name.as_str().unwrap(),
            cell(profile.signs.iter().map(|one| sign(*one)).collect()),
            cell(limits.collect()),
            profile.tried.unwrap_or("not run"),
        )
        .unwrap();
    }
    text
}

#[test]
fn the_document_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/known-hosts.md");
    expectorate::assert_contents(path, &document());
}
