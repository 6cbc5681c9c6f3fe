//! What a page's HTML names: scripts and styles as a browser that runs scripts takes them, and policies. Pure.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::evidence::{FileKind, Markup, NamedFile};

/// More files than any page needs at its start.
const FILES: usize = 64;

/// Types of scripts that are run (WHATWG MIME Sniffing, "JavaScript MIME type").
const JAVASCRIPT: [&str; 16] = [
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

/// Whether a type, without its parameters and in lower case, is one of JavaScript.
pub(crate) fn is_javascript(essence: &str) -> bool {
    JAVASCRIPT.contains(&essence)
}

/// Reads a page. What stands in `<noscript>` and `<template>` is left out: a browser that runs scripts loads none of it.
pub(crate) fn read(html: &str) -> Markup {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut markup = Markup { quirks: true, ..Markup::default() };
    let (mut templates, mut in_head) = (0_usize, true);
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            // Other doctypes may be quirks or not; what quirks allow is then allowed.
            Token::Doctype(doctype) => {
                let is_plain = doctype.public_identifier.is_none() && !doctype.force_quirks;
                markup.quirks = !(is_plain && doctype.name.as_slice() == b"html");
            }
            Token::StartTag(tag) if tag.name.as_slice() == b"template" => templates += 1,
            Token::EndTag(tag) if tag.name.as_slice() == b"template" => {
                templates = templates.saturating_sub(1);
            }
            Token::StartTag(tag) if templates == 0 => match tag.name.as_slice() {
                b"base" if markup.base.is_none() => markup.base = attribute(&tag, "href"),
                b"body" => in_head = false,
                // Elsewhere it is ignored (HTML, "http-equiv", Content security policy state).
                b"meta" if in_head => markup.policies.extend(policy(&tag)),
                b"script" | b"link" if markup.files.len() < FILES => markup.files.extend(file(&tag)),
                _ => {}
            },
            _ => {}
        }
    }
    markup
}

/// An attribute's value, without the spaces around it.
fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).trim().to_owned())
}

fn policy(tag: &StartTag<()>) -> Option<String> {
    let is_policy = attribute(tag, "http-equiv")?.eq_ignore_ascii_case("content-security-policy");
    attribute(tag, "content").filter(|_| is_policy)
}

fn file(tag: &StartTag<()>) -> Option<NamedFile> {
    let (url, kind) = if tag.name.as_slice() == b"script" {
        (attribute(tag, "src")?, script_kind(tag)?)
    } else {
        (attribute(tag, "href")?, link_kind(tag)?)
    };
    let text = |name| attribute(tag, name).filter(|value| !value.is_empty());
    let named = NamedFile { url, kind, integrity: text("integrity"), nonce: text("nonce") };
    (!named.url.is_empty()).then_some(named)
}

/// What a script is (HTML, "prepare the script element"); none of a block of data, or of one for browsers without modules.
fn script_kind(tag: &StartTag<()>) -> Option<FileKind> {
    let kind = attribute(tag, "type").unwrap_or_default().to_ascii_lowercase();
    if kind == "module" {
        return Some(FileKind::Module);
    }
    let runs = (kind.is_empty() || is_javascript(&kind)) && attribute(tag, "nomodule").is_none();
    runs.then_some(FileKind::Script)
}

fn link_kind(tag: &StartTag<()>) -> Option<FileKind> {
    let rel = attribute(tag, "rel")?.to_ascii_lowercase();
    let has = |word| rel.split_ascii_whitespace().any(|known| known == word);
    if has("modulepreload") {
        return Some(FileKind::Module);
    }
    let applies = has("stylesheet") && !has("alternate") && attribute(tag, "disabled").is_none();
    applies.then_some(FileKind::Style)
}

/// What the imports at the start of a module name. Only those before everything else are read, as programs that write modules put
/// them, so that no text within the code is taken for one.
pub(crate) fn imports(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = after_comments(script);
    while let Some(statement) = rest.strip_prefix("import") {
        // Neither an expression, `import(…)` and `import.meta`, nor a longer word.
        let Some(quote) = statement.find(['"', '\'']) else { break };
        let clause = &statement[..quote];
        let is_statement =
            clause.is_empty() || clause.starts_with(|c: char| c.is_whitespace() || "{*".contains(c));
        let is_clause = |c: char| c.is_alphanumeric() || c.is_whitespace() || "{}*,_$".contains(c);
        if !is_statement || !clause.chars().all(is_clause) {
            break;
        }
        let mark = &statement[quote..=quote];
        let Some((specifier, more)) = statement[quote + 1..].split_once(mark) else { break };
        found.push(specifier);
        rest = after_comments(more.trim_start().trim_start_matches(';'));
    }
    // Bare names are looked up in an import map.
    found.retain(|specifier| specifier.starts_with(['.', '/']) || specifier.contains("://"));
    found
}

/// A script without the comments, the spaces and the directives before its first statement.
fn after_comments(script: &str) -> &str {
    let mut rest = script.trim_start();
    loop {
        let after = if let Some(line) = rest.strip_prefix("//") {
            line.split_once('\n').map(|(_, after)| after)
        } else if let Some(block) = rest.strip_prefix("/*") {
            block.split_once("*/").map(|(_, after)| after)
        } else {
            rest.strip_prefix("\"use strict\"").map(|after| after.trim_start_matches(';'))
        };
        match after {
            Some(after) => rest = after.trim_start(),
            None => return rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(html: &str) -> Vec<(String, FileKind)> {
        read(html).files.into_iter().map(|file| (file.url, file.kind)).collect()
    }

    #[test]
    fn what_a_browser_loads() {
        use FileKind::{Module, Script, Style};
        for (html, files) in [
            (r#"<script src="x.js" defer></script>"#, vec![("x.js", Script)]),
            (
                r#"<SCRIPT SRC='a.js?v=1&amp;w=2' Type="Text/JavaScript"></SCRIPT>"#,
                vec![("a.js?v=1&w=2", Script)],
            ),
            (r#"<script type=module src=m.js></script>"#, vec![("m.js", Module)]),
            (
                r#"<link rel="modulepreload" href="/assets/vendor-4f3a.js">"#,
                vec![("/assets/vendor-4f3a.js", Module)],
            ),
            (r#"<link href=a.css rel="preload stylesheet" as=style>"#, vec![("a.css", Style)]),
            (r#"<link rel="alternate stylesheet" href=b.css><link rel=icon href=i.svg>"#, vec![]),
            (
                r#"<script nomodule src="old.js"></script><script type="application/json" src="d.json"></script>"#,
                vec![],
            ),
            (r#"<noscript><link rel="stylesheet" href="noscript.css"></noscript>"#, vec![]),
            (
                r#"<template><script src="t.js"></script></template><script src="u.js"></script>"#,
                vec![("u.js", Script)],
            ),
            (r#"<script>document.write('<script src="w.js"><\/script>')</script>"#, vec![]),
            (r#"<!-- <script src="c.js"></script> --><script src=""></script>"#, vec![]),
        ] {
            let files: Vec<_> = files.into_iter().map(|(url, kind)| (url.to_owned(), kind)).collect();
            assert_eq!(named(html), files, "{html}");
        }
    }

    #[test]
    fn what_else_matters() {
        let markup = read(
            r#"<!DOCTYPE html><base href="/app/"><base href="/no/">
               <meta http-equiv="Content-Security-Policy" content="connect-src 'none'">
               <script src="x.js" integrity="sha256-AAAA" nonce="n1"></script>
               <body><meta http-equiv="Content-Security-Policy" content="default-src 'none'">"#,
        );
        assert_eq!(markup.base.as_deref(), Some("/app/"));
        assert_eq!(markup.policies, ["connect-src 'none'"]);
        assert_eq!(markup.files[0].integrity.as_deref(), Some("sha256-AAAA"));
        assert_eq!(markup.files[0].nonce.as_deref(), Some("n1"));
        assert!(!markup.quirks);
        for html in ["<html>", r#"<!doctype html PUBLIC "-//W3C//DTD HTML 4.01//EN">"#] {
            assert!(read(html).quirks, "{html}");
        }
    }

    #[test]
    fn imports_at_the_start() {
        for (script, specifiers) in [
            (
                "import { a } from \"./a.js\";\nimport './b.js'\nconst x = 'from \"./c.js\"';",
                vec!["./a.js", "./b.js"],
            ),
            (
                "import{a as b}from\"/assets/c.js\";import*as d from'../d.js';e()",
                vec!["/assets/c.js", "../d.js"],
            ),
            ("// one\n/* import './no.js' */ \"use strict\"; import a, { b } from './a.js'", vec!["./a.js"]),
            ("import { io } from 'socket.io-client';\nimport './b.js';", vec!["./b.js"]),
            ("import('./lazy.js')", vec![]),
            ("import.meta.url; import './late.js'", vec![]),
            ("importScripts('./worker.js')", vec![]),
            ("const a = 1;\nimport './late.js'", vec![]),
            ("import './open", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(imports(script), specifiers, "{script}");
        }
    }
}
