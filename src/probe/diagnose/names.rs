//! [`Names`]: what stands for the placeholders in the texts of verdicts. Pure.

use super::facts;
use crate::probe::evidence::Evidence;

/// What stands for the placeholders in texts.
pub(super) struct Names {
    /// The path, without a slash at its end.
    prefix: String,
    /// Whether that is one endpoint, and no folder: a path with a slash at its end would not match it.
    is_endpoint: bool,
    app: &'static str,
}

impl Names {
    /// Of what was probed.
    pub(super) fn of(evidence: &Evidence) -> Self {
        Self {
            prefix: evidence.prefix(),
            is_endpoint: evidence.subject.is_stream(),
            app: if facts::is_dante(evidence) { "Dante" } else { "the application" },
        }
    }

    /// Of Dante at this path, which has no slash at its end.
    pub(super) fn of_dante(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), is_endpoint: false, app: "Dante" }
    }

    /// A text with its placeholders filled.
    pub(super) fn fill(&self, text: &str) -> String {
        let prefix = self.prefix.as_str();
        // An option has the root as a slash, and a path that goes on has it as nothing.
        let option = format!("--prefix {}", if prefix.is_empty() { "/" } else { prefix });
        let text = text.replace("--prefix {prefix}", &option).replace("{app}", self.app);
        if !self.is_endpoint || prefix.is_empty() {
            return text.replace("{prefix}", prefix);
        }
        // What is below the path keeps the slash between.
        let goes_on = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        let mut parts = text.split("{prefix}/");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            filled.push_str(prefix);
            filled.push_str(if goes_on(part) { "/" } else { "" });
            filled.push_str(part);
        }
        filled.replace("{prefix}", prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_no_slash_at_its_end() {
        let nginx = "in location {prefix}/: {app}, dante --prefix {prefix}";
        let check = "path {prefix}/hosting.json, `{prefix}/` and {prefix}/*";
        for (prefix, is_endpoint, text, filled) in [
            ("/dante", false, nginx, "in location /dante/: Dante, dante --prefix /dante"),
            ("", false, nginx, "in location /: Dante, dante --prefix /"),
            ("/v1/chat", true, nginx, "in location /v1/chat: Dante, dante --prefix /v1/chat"),
            ("", true, nginx, "in location /: Dante, dante --prefix /"),
            ("/events", true, check, "path /events/hosting.json, `/events` and /events*"),
        ] {
            assert_eq!(Names { prefix: prefix.to_owned(), is_endpoint, app: "Dante" }.fill(text), filled);
        }
    }
}
