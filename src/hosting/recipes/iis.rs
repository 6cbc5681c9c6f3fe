//! What a web.config allows as values. The templates escape them for XML.

use super::{Site, Upstream};
use crate::bad_value::BadValue;

impl Site {
    /// Whether a web.config can name this program.
    pub(super) fn accepts_windows_program(&self) -> Result<(), BadValue> {
        if self.exe.is_empty()
            || self.exe.contains(['"', '<', '>', '|'])
            || self.exe.chars().any(char::is_control)
        {
            let reason =
                r#"not a valid Windows path; give one such as C:\inetpub\dante\dante.exe, without quotes"#;
            return Err(BadValue::new("--exe", &self.exe, reason));
        }
        Ok(())
    }

    /// Whether a URL Rewrite rule can name these upstreams.
    pub(super) fn accepts_arr(&self) -> Result<(), BadValue> {
        let refused = |text: &Upstream, reason| Err(BadValue::new("--upstream", &text.to_string(), reason));
        match &self.upstreams[..] {
            [_, second, ..] => refused(
                second,
                "a web.config can name only one Dante; several need a server farm, which is set up in \
                 applicationHost.config; give one --upstream, and replace it with the farm's name (docs/iis.md)",
            ),
            [unix @ Upstream::Unix(_)] => {
                refused(unix, "ARR supports only TCP; have Dante listen on a port, such as 127.0.0.1:8888")
            }
            _ => Ok(()),
        }
    }

    /// The prefix as a URL Rewrite pattern.
    pub(crate) fn prefix_pattern(&self) -> String {
        // Of the characters that a proxy's prefix may have, only the dot is special in a pattern.
        self.prefix.as_str().replace('.', r"\.")
    }
}

#[cfg(test)]
mod tests {
    use crate::hosting::recipes::{Recipe, Site, Wanted};

    fn refusal(recipe: Recipe, wanted: Wanted<'_>) -> String {
        Site::read(recipe, &wanted).unwrap_err().to_string()
    }

    #[test]
    fn what_iis_cannot_have() {
        let upstreams = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let unix = upstreams(&["unix:/run/dante.sock"]);
        let several = upstreams(&["10.0.0.1:8888", "10.0.0.2:8888"]);
        for (upstreams, words) in [(unix, "unix:/run/dante.sock"), (several, "server farm")] {
            let refusal = refusal(Recipe::Arr, Wanted { upstreams: &upstreams, ..Wanted::default() });
            assert!(refusal.contains(words), "{refusal}");
        }
        for exe in ["", r#""C:\dante.exe""#, "a\u{1}b"] {
            let refusal = refusal(Recipe::Iisnode, Wanted { exe: Some(exe), ..Wanted::default() });
            assert!(refusal.starts_with("--exe "), "{refusal}");
        }
    }
}
