//! What systemd units allow as values: the absolute path of a program that the hardened service can see, words
//! quoted as systemd.syntax(7) says, and addresses that need no DNS.

use super::{Site, Upstream};
use crate::bad_value::BadValue;

/// Folders that ProtectHome= and PrivateTmp= in the unit hide from the service.
const HIDDEN: [&str; 5] = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];

/// Whether the service can start this program.
pub(super) fn accepts_program(exe: &str) -> Result<(), BadValue> {
    let refused = |reason| Err(BadValue::new("--exe", exe, reason));
    if !exe.starts_with('/') || exe.ends_with('/') {
        return refused("the unit needs an absolute path; give one, such as /usr/local/bin/dante");
    }
    // systemd says: "Executable name contains special characters"; a $ it would read as a variable in some places.
    if exe.contains(['"', '\'', '\\', '$']) || exe.chars().any(char::is_control) {
        return refused(
            "systemd does not accept quotes, \\, $ or control characters in a program's path; rename it",
        );
    }
    if HIDDEN.iter().any(|hidden| exe.starts_with(hidden)) {
        return refused(
            "the service cannot see home directories or temporary files; copy the program to /usr/local/bin or /opt",
        );
    }
    Ok(())
}

/// Whether one socket unit can open this upstream.
pub(super) fn accepts_socket(site: &Site) -> Result<(), BadValue> {
    let refused = |text: &str, reason| Err(BadValue::new("--upstream", text, reason));
    match &site.upstreams[..] {
        [_, second, ..] => {
            refused(&second.to_string(), "a dante.socket serves one Dante; print another one for the second")
        }
        [Upstream::Tcp(text)] if text.parse::<std::net::SocketAddr>().is_err() => {
            refused(text, "systemd listens on addresses, not host names; give one, such as 127.0.0.1:8888")
        }
        _ => Ok(()),
    }
}

impl Site {
    /// The command that a service starts.
    pub(crate) fn exec_start(&self) -> String {
        // systemd expands variables in the words after the program, not in its path.
        let prefix = if self.prefix.is_root() {
            String::new()
        } else {
            format!(" --prefix {}", word(self.prefix.as_str()).replace('$', "$$"))
        };
        word(&self.exe) + &prefix
    }

    /// What `ListenStream=` takes.
    pub(crate) fn listen_stream(&self) -> &str {
        match self.upstreams.first() {
            Some(Upstream::Tcp(text) | Upstream::Unix(text)) => text,
            None => "",
        }
    }
}

/// One word of a line in a unit file: `%` starts a specifier, and special characters need quotes.
fn word(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
    let plain = |letter: char| letter.is_alphanumeric() || "%/._-~+:@,=".contains(letter);
    if text.chars().all(plain) { escaped } else { format!("\"{escaped}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, shown) in [
            ("/usr/local/bin/dante", "/usr/local/bin/dante"),
            ("/opt/my dante/dante", r#""/opt/my dante/dante""#),
            ("/opt/100%/dante", "/opt/100%%/dante"),
            (r#"/opt/a"b\c"#, r#""/opt/a\"b\\c""#),
            ("/opt/it's", r#""/opt/it's""#),
            ("/opt/;", r#""/opt/;""#),
        ] {
            assert_eq!(word(text), shown);
        }
    }

    #[test]
    fn programs() {
        for good in ["/usr/local/bin/dante", "/opt/my dante/100%", "/homes/dante"] {
            assert_eq!(accepts_program(good), Ok(()), "{good}");
        }
        for bad in [
            "dante",
            "./dante",
            "/opt/",
            "/opt/$x",
            "/opt/it's",
            "/opt/a\nb",
            "/home/me/dante",
            "/tmp/dante",
            "",
        ] {
            assert!(accepts_program(bad).is_err(), "{bad}");
        }
    }
}
