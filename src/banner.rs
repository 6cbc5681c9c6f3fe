//! What is printed at the start: where to go, and what was found out, with the reasons.

use std::{fmt::Write as _, iter, net::IpAddr};

use crate::{
    config::Config,
    contract::paths,
    hosting::endpoint::Endpoint,
    poem::{Note, Poem, counted},
};

/// The banner of a server that listens at `endpoint`, and for `metrics` elsewhere if it does, on a machine with these addresses.
pub(crate) fn banner(
    config: &Config,
    endpoint: &Endpoint,
    metrics: Option<&Endpoint>,
    interfaces: &[IpAddr],
    poem: &Poem,
) -> String {
    let hosting = &config.hosting;
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display, reason: &str| {
        let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<11}{value}{reason}");
    };
    let urls = endpoint.urls(interfaces);
    if urls.is_empty() {
        line("open", &"the address of the host in front of Dante", "");
    }
    let names = iter::once("open").chain(iter::repeat(""));
    for (name, url) in names.zip(urls) {
        line(name, &format!("{url}{}/", hosting.prefix.value.as_str()), "");
    }
    line("host", &hosting.host.value, &hosting.host.reason);
    line("prefix", &hosting.prefix.value, &hosting.prefix.reason);
    line("endpoint", endpoint, &hosting.endpoint.reason);
    if config.reuse_port {
        line(
            "",
            &"shared with other Dantes that use --reuse-port: the system gives each a part of the connections",
            "",
        );
    }
    if let Some(metrics) = metrics {
        let urls = metrics.urls(interfaces);
        let shown =
            urls.first().map_or_else(|| metrics.to_string(), |url| format!("{url}{}", paths::METRICS));
        line("metrics", &shown, "only there");
    }
    let reason = if config.reuse_port { "long polling needs one process" } else { "" };
    line("transports", &config.transports_text(), reason);
    line("readers", &config.reader_limits().0, "");
    let every = humantime::format_duration(config.interval);
    let size = match poem.cantos().len() {
        0 => counted(poem.len(), "stanza"),
        cantos => format!("{}, {}", counted(cantos, "canto"), counted(poem.len(), "stanza")),
    };
    line("poem", &format!("{size}, one every {every}, edition {}", poem.edition()), "");
    let is_left_out = |note: &&Note| matches!(note, Note::LeftOut { .. });
    let left_out: Vec<_> = poem.notes().iter().filter(is_left_out).map(Note::to_string).collect();
    if !left_out.is_empty() {
        line("left out", &left_out.join(", "), "");
    }
    for odd in poem.notes().iter().filter(|note| !is_left_out(note)) {
        line("note", odd, "");
    }
    format!("Dante {}\n{text}", env!("CARGO_PKG_VERSION"))
}

/// The banner of an echo that listens at `endpoint`, chosen for this reason, on a machine with these addresses.
pub(crate) fn echo_banner(endpoint: &Endpoint, reason: &str, interfaces: &[IpAddr]) -> String {
    let urls = endpoint.urls(interfaces);
    let open = match urls.first() {
        Some(url) => format!("{url}/"),
        None => "the address of the host in front of it".to_owned(),
    };
    format!(
        "Dante {} echo\n  open       {open}\n  endpoint   {endpoint} ({reason})\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::ServeArgs, hosting::environment::Environment};

    #[test]
    fn the_banner_gives_reasons() {
        let config = Config::new(&ServeArgs::default(), &Environment::default(), 1).unwrap();
        let text = banner(&config, &Endpoint::loopback(8888), None, &[], &Poem::embedded());
        let edition = Poem::embedded().edition().to_owned();
        assert_eq!(
            text,
            format!(
                "Dante {}\n  open       http://localhost:8888/\n  \
                 host       self (no host's variable is set)\n  \
                 prefix     / (default)\n  \
                 endpoint   127.0.0.1:8888 (default)\n  \
                 transports socket.io (websocket,polling), websocket, sse\n  \
                 readers    at most 20000, and 1000 from one address\n  \
                 poem       3 cantos, 140 stanzas, one every 2s, edition {edition}\n",
                env!("CARGO_PKG_VERSION")
            )
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_shared_port_is_said() {
        let args = ServeArgs { reuse_port: true, ..ServeArgs::default() };
        let config = Config::new(&args, &Environment::default(), 1).unwrap();
        let text = banner(&config, &Endpoint::loopback(8888), None, &[], &Poem::embedded());
        assert!(
            text.contains(
                "  endpoint   127.0.0.1:8888 (default)\n             shared with other Dantes that use --reuse-port: \
                 the system gives each a part of the connections\n  transports socket.io (websocket), websocket, sse \
                 (long polling needs one process)\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn every_address_to_open_has_a_line() {
        let args = ServeArgs { prefix: Some("/dante".to_owned()), ..ServeArgs::default() };
        let config = Config::new(&args, &Environment::default(), 1).unwrap();
        let interfaces = ["127.0.0.1", "192.168.1.7", "fe80::1"].map(|ip| ip.parse().unwrap());
        let nowhere = "  open       the address of the host in front of Dante\n";
        for (endpoint, open) in [
            (Endpoint::loopback(81), "  open       http://localhost:81/dante/\n"),
            (
                Endpoint::everywhere(81),
                "  open       http://localhost:81/dante/\n             http://192.168.1.7:81/dante/\n",
            ),
            (Endpoint::Inherited, nowhere),
        ] {
            let text = banner(&config, &endpoint, None, &interfaces, &Poem::embedded());
            let start = format!("Dante {}\n{open}  host ", env!("CARGO_PKG_VERSION"));
            assert!(text.starts_with(&start), "{endpoint}: {text}");
        }
    }

    #[test]
    fn what_was_left_out_or_looks_odd_is_said() {
        let config = Config::new(&ServeArgs::default(), &Environment::default(), 1).unwrap();
        let poem = Poem::parse(
            b"The Project Gutenberg EBook of A\n*** START OF THE PROJECT GUTENBERG EBOOK A ***\n\na\nb\n\n\
              *** END OF THE PROJECT GUTENBERG EBOOK A ***\nx\n",
        );
        let text = banner(&config, &Endpoint::loopback(8888), None, &[], &poem.unwrap());
        let (_, after) = text.split_once("  poem       ").unwrap();
        let lines: Vec<_> = after.lines().collect();
        assert!(lines[0].starts_with("1 stanza, one every 2s"), "{text}");
        assert_eq!(
            lines[1..],
            [
                "  left out   Project Gutenberg's header (2 lines), Project Gutenberg's licence (2 lines)",
                "  note       no canto headings found; they look like \"Inferno: Canto IV\" or \"Canto IV\"",
                "  note       1 stanza; are the stanzas separated by blank lines?",
            ]
        );
    }
}
