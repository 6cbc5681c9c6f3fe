//! The table of all verdicts: cause, and remedy for each host. `docs/verdicts.md` is made from it.

mod connection;
mod engine;
mod streams;

use std::fmt::Write as _;

use super::front_proxy::FrontProxy;

/// What is known of a verdict, whatever was seen.
#[derive(Debug)]
pub struct Entry {
    /// The stable id.
    pub id: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// What mends it on a host that was not recognised.
    pub generic: &'static str,
    /// What mends it on others.
    pub hosts: &'static [(FrontProxy, &'static str)],
}

impl Entry {
    /// What mends it.
    pub fn remedy(&self, host: Option<FrontProxy>) -> &'static str {
        let known = host.and_then(|host| self.hosts.iter().find(|(known, _)| *known == host));
        known.map_or(self.generic, |(_, remedy)| remedy)
    }
}

/// The entry of an id that a rule names.
pub fn entry(id: &str) -> &'static Entry {
    // A test goes through all ids that rules name; the first entry says that something is unexplained.
    all().find(|entry| entry.id == id).unwrap_or(&connection::ALL[0])
}

const fn entry_of(
    id: &'static str,
    cause: &'static str,
    generic: &'static str,
    hosts: &'static [(FrontProxy, &'static str)],
) -> Entry {
    Entry { id, cause, generic, hosts }
}

/// All verdicts: the one for what no rule explains, then in the order of the hops.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    [connection::ALL, engine::ALL, streams::ALL].into_iter().flatten()
}

/// The text of `docs/verdicts.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Verdicts of `dante probe`\n\n\
         Made from `src/probe/verdicts/`; a test fails when it is stale, and\n\
         `DANTE_WRITE_DOCS=1 cargo test --lib verdicts` writes it anew.\n",
    );
    for entry in all() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n\n- anywhere: {}\n", entry.id, entry.cause, entry.generic);
        for (host, remedy) in entry.hosts {
            let _ = writeln!(text, "- {host}: {remedy}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verdicts.md");
        if std::env::var_os("DANTE_WRITE_DOCS").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(path).unwrap_or_default(),
            document(),
            "see the file's first lines"
        );
    }

    #[test]
    fn ids_are_unique_and_all_that_rules_name() {
        let mut ids: Vec<_> = all().map(|entry| entry.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
        let rules = [
            include_str!("../diagnose/connection.rs"),
            include_str!("../diagnose/page.rs"),
            include_str!("../diagnose/engine.rs"),
            include_str!("../diagnose/streams.rs"),
            include_str!("../diagnose/time.rs"),
            include_str!("../diagnose/mod.rs"),
        ];
        for id in &ids {
            let quoted = format!("\"{id}\"");
            assert!(rules.iter().any(|rules| rules.contains(&quoted)), "no rule gives {id}");
        }
        for id in crate::probe::diagnose::named_ids(&rules) {
            assert!(ids.contains(&id), "{id} has no entry");
        }
    }
}
