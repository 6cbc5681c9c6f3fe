//! [`Site`]: the values that fill a recipe, read from the command line. Pure.

use std::{fmt, net::IpAddr, str::FromStr};

use super::Recipe;
use crate::{
    bad_value::BadValue,
    hosting::{endpoint, prefix::Prefix},
};

/// The options as they were typed.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// `--prefix`.
    pub prefix: Option<&'a str>,
    /// `--upstream`, each.
    pub upstreams: &'a [String],
    /// `--strip`.
    pub strip: bool,
    /// `--listen`.
    pub listen: Option<&'a str>,
    /// `--exe`.
    pub exe: Option<&'a str>,
}

/// The values of a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The URL path under which the host serves Dante.
    pub(crate) prefix: Prefix,
    /// Where one or more Dantes listen, behind a proxy.
    pub(crate) upstreams: Vec<Upstream>,
    /// Whether the proxy strips the prefix.
    pub(crate) strip: bool,
    /// Where the proxy listens.
    pub(crate) listen: Listen,
    /// The program that the host starts.
    pub(crate) exe: String,
}

/// Where a proxy finds a Dante.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// A host's name or address (IPv6 in brackets), a colon and a port.
    Tcp(String),
    /// The absolute path of a Unix domain socket.
    Unix(String),
}

/// Where a proxy listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen {
    /// One address, or all of them.
    pub(crate) ip: Option<IpAddr>,
    /// The port.
    pub(crate) port: u16,
}

/// The prefix of the Node.js sample under IIS.
const PREFIX: &str = "/dante";
const HTTP: Listen = Listen { ip: None, port: 80 };

impl Site {
    /// Reads what was typed for this recipe.
    ///
    /// # Errors
    /// When a value cannot be used, or the recipe does not use an option.
    pub fn read(recipe: Recipe, wanted: &Wanted<'_>) -> Result<Self, BadValue> {
        let uses = recipe.uses();
        let spare = |name: &str, value: &str| {
            Err(BadValue::new(name, value, format!("not used for {recipe}; leave it out")))
        };
        match wanted {
            Wanted { prefix: Some(prefix), .. } if !uses.prefix => return spare("--prefix", prefix),
            Wanted { upstreams: [first, ..], .. } if !uses.upstream => return spare("--upstream", first),
            Wanted { strip: true, .. } if !uses.strip => return spare("--strip", ""),
            Wanted { listen: Some(listen), .. } if !uses.listen => return spare("--listen", listen),
            Wanted { exe: Some(exe), .. } if uses.exe.is_none() => return spare("--exe", exe),
            _ => {}
        }
        let prefix = wanted.prefix.unwrap_or(PREFIX);
        let refused = |reason: &dyn fmt::Display| BadValue::new("--prefix", prefix, reason);
        let parsed = Prefix::parse(prefix).map_err(|error| refused(&error))?;
        if uses.upstream && !parsed.as_str().bytes().all(is_plain) {
            let reason = "it would need escaping in a proxy's file; use only letters, digits, - . _ ~ and /";
            return Err(refused(&reason));
        }
        let mut upstreams = Vec::new();
        for text in wanted.upstreams {
            let upstream = text.parse().map_err(|reason| BadValue::new("--upstream", text, reason))?;
            if upstreams.contains(&upstream) {
                return Err(BadValue::new("--upstream", text, "given twice; give each upstream once"));
            }
            upstreams.push(upstream);
        }
        if upstreams.is_empty() {
            upstreams.push(Upstream::Tcp(format!("127.0.0.1:{}", endpoint::DEFAULT_PORT)));
        }
        let listen = match wanted.listen {
            Some(text) => text.parse().map_err(|reason| BadValue::new("--listen", text, reason))?,
            None => HTTP,
        };
        let exe = wanted.exe.or(uses.exe).unwrap_or_default().to_owned();
        let site = Self { prefix: parsed, upstreams, strip: wanted.strip, listen, exe };
        recipe.accepts(&site)?;
        Ok(site)
    }

    /// Whether requests have to be spread over several Dantes.
    pub(crate) fn is_fleet(&self) -> bool {
        self.upstreams.len() > 1
    }

    /// The prefix of every path that Dante sees; empty if the proxy strips it.
    pub(crate) fn passed_prefix(&self) -> &str {
        if self.strip { "" } else { self.prefix.as_str() }
    }
}

/// Whether this byte needs no escaping in any proxy's file.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

impl FromStr for Upstream {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') && path.bytes().all(is_plain) {
                Ok(Self::Unix(path.to_owned()))
            } else {
                Err("after unix:, give an absolute path of letters, digits, - . _ ~ and /")
            };
        }
        let form = "give a host and a port, such as 127.0.0.1:8888, or unix:/path";
        let (host, port) = text.rsplit_once(':').ok_or(form)?;
        endpoint::port(port).filter(|port| *port > 0).ok_or(form)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let known = match bracketed {
            Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty() && host.bytes().all(|byte| is_plain(byte) && byte != b'/' && byte != b'~')
            }
        };
        if known { Ok(Self::Tcp(text.to_owned())) } else { Err(form) }
    }
}

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(port) = endpoint::port(text).filter(|port| *port > 0) {
            return Ok(Self { ip: None, port });
        }
        match text.parse::<std::net::SocketAddr>() {
            Ok(address) if address.port() > 0 => Ok(Self { ip: Some(address.ip()), port: address.port() }),
            _ => Err("give a port from 1 to 65535, or an address with one, such as 127.0.0.1:8080"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams() {
        for (text, upstream) in [
            ("127.0.0.1:8888", Some(Upstream::Tcp("127.0.0.1:8888".into()))),
            ("dante-1.internal:80", Some(Upstream::Tcp("dante-1.internal:80".into()))),
            ("[::1]:8888", Some(Upstream::Tcp("[::1]:8888".into()))),
            ("unix:/run/dante.sock", Some(Upstream::Unix("/run/dante.sock".into()))),
            ("unix:run/dante.sock", None),
            ("unix:/run/d;.sock", None),
            ("127.0.0.1", None),
            ("127.0.0.1:0", None),
            ("::1:8888", None),
            ("http://127.0.0.1:8888", None),
            ("a b:80", None),
            (":80", None),
        ] {
            assert_eq!(text.parse::<Upstream>().ok(), upstream, "{text}");
        }
    }

    #[test]
    fn where_proxies_listen() {
        for (text, listen) in [
            ("8080", Some(Listen { ip: None, port: 8080 })),
            ("127.0.0.1:81", Some(Listen { ip: Some([127, 0, 0, 1].into()), port: 81 })),
            ("0", None),
            ("localhost:80", None),
            ("*:80", None),
        ] {
            assert_eq!(text.parse::<Listen>().ok(), listen, "{text}");
        }
    }

    #[test]
    fn an_option_that_a_recipe_does_not_use_is_refused() {
        let refused = |recipe, wanted: Wanted<'_>| Site::read(recipe, &wanted).unwrap_err().to_string();
        let upstream = ["127.0.0.1:1".to_owned()];
        let several = [upstream[0].clone(), upstream[0].clone()];
        assert!(refused(Recipe::Nginx, Wanted { exe: Some("x"), ..Wanted::default() }).contains("--exe"));
        assert!(
            refused(Recipe::Iisnode, Wanted { upstreams: &upstream, ..Wanted::default() })
                .contains("not used for iisnode")
        );
        assert!(
            refused(Recipe::Nginx, Wanted { upstreams: &several, ..Wanted::default() }).contains("twice")
        );
        assert!(
            refused(Recipe::Nginx, Wanted { prefix: Some("/a b"), ..Wanted::default() }).contains("escaping")
        );
    }
}
