//! [`BadValue`]: the one form in which a setting is refused: value, reason, remedy.

use std::fmt;

/// An option or variable whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {}: {reason}", Quoted(value))]
pub struct BadValue {
    /// The option or variable.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
    /// Why it cannot be used, and what can.
    pub(crate) reason: String,
}

impl BadValue {
    /// A refusal; `reason` names the remedy, too.
    pub(crate) fn new(name: &str, value: &str, reason: impl fmt::Display) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), reason: reason.to_string() }
    }
}

/// Shows a text in quotes, as it is but for control characters: paths and pipes keep their backslashes.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for letter in self.0.chars() {
            if letter.is_control() {
                write!(f, "{}", letter.escape_default())?
            } else {
                write!(f, "{letter}")?
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_whatever_the_value() {
        let error = BadValue::new("--listen", "\\\\.\\pipe\\x\n", "no; yes").to_string();
        assert_eq!(error, r#"--listen "\\.\pipe\x\n": no; yes"#);
    }
}
