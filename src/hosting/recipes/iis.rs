//! What a web.config asks of its values, beyond XML's escaping, which the templates do.

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
                r#"Windows knows no such path; give one such as C:\inetpub\dante\dante.exe, without quotes"#;
            return Err(BadValue::new("--exe", &self.exe, reason));
        }
        Ok(())
    }

    /// Whether a rule of URL Rewrite can lead to these upstreams.
    pub(super) fn accepts_arr(&self) -> Result<(), BadValue> {
        let refused = |text: &Upstream, reason| Err(BadValue::new("--upstream", &text.to_string(), reason));
        match &self.upstreams[..] {
            [_, second, ..] => refused(
                second,
                "a web.config leads to one Dante, and several are a server farm, which only applicationHost.config \
                 can hold; give one --upstream, and put the farm's name in its place (docs/iis.md)",
            ),
            [unix @ Upstream::Unix(_)] => {
                refused(unix, "ARR speaks TCP only; let Dante listen on a port, such as 127.0.0.1:8888")
            }
            _ => Ok(()),
        }
    }

    /// The prefix as a pattern of URL Rewrite, without its first slash.
    pub fn prefix_pattern(&self) -> String {
        // Of the characters that a proxy's prefix may have, the dot alone means something in a pattern.
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
