//! Parameters of a URL's query, read as forms write them: `%` and two digits, and `+` for a space. One rule for all
//! of Dante's own parameters; the engine's are read as the engine reads them.

/// The value of the first parameter with this name.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        for (query, value) in [
            ("", None),
            ("b=1", None),
            ("a", Some("")),
            ("a=", Some("")),
            ("b=0&a=1&a=2", Some("1")),
            ("a=in%20ferno+%C3%A8", Some("in ferno \u{e8}")),
            ("%61=x", Some("x")),
            ("a=b=c", Some("b=c")),
            ("a=%ff", Some("\u{fffd}")),
        ] {
            assert_eq!(parameter(query, "a").as_deref(), value, "{query}");
        }
    }
}
