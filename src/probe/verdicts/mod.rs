//! The table of all verdicts: cause, and remedy for each host. `docs/verdicts.md` is made from it.

mod connection;
mod engine;
mod id;
mod streams;

use super::front_proxy::FrontProxy;
pub(crate) use id::VerdictId;

/// What is known of a verdict, whatever was seen.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Why it happens.
    pub(crate) cause: &'static str,
    /// What fixes it on a host that was not recognised.
    pub(crate) generic: &'static str,
    /// What fixes it on others.
    pub(crate) hosts: &'static [(FrontProxy, &'static str)],
}

impl Entry {
    const fn new(
        cause: &'static str,
        generic: &'static str,
        hosts: &'static [(FrontProxy, &'static str)],
    ) -> Self {
        Self { cause, generic, hosts }
    }

    /// What fixes it.
    pub(crate) fn remedy(&self, host: Option<FrontProxy>) -> &'static str {
        let known = host.and_then(|host| self.hosts.iter().find(|(known, _)| *known == host));
        known.map_or(self.generic, |(_, remedy)| remedy)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use strum::VariantArray as _;

    use super::*;

    /// The text of `docs/verdicts.md`.
    fn document() -> String {
        let mut text = String::from(
            "# Verdicts of `dante probe`\n\n\
             Generated from `src/probe/verdicts/`. A test fails when it is out of date;\n\
             `EXPECTORATE=overwrite cargo test --lib probe` writes it again.\n",
        );
        for id in VerdictId::VARIANTS {
            let entry = id.entry();
            write!(text, "\n## {id}\n\n{}\n\n- on any host: {}\n", entry.cause, entry.generic).unwrap();
            for (host, remedy) in entry.hosts {
                writeln!(text, "- {host}: {remedy}").unwrap();
            }
        }
        text
    }

    #[test]
    fn the_document_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verdicts.md");
        expectorate::assert_contents(path, &document());
    }
}
