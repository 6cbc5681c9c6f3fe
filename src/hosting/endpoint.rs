//! [`Endpoint`]: where Dante listens, as a value. Pure; `listener` binds it.

use std::{
    collections::BTreeSet,
    fmt, iter,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// The default port: that of the Node.js sample that Dante grew from.
pub(crate) const DEFAULT_PORT: u16 = 8888;

/// The start of every Windows named pipe's name.
pub(crate) const PIPE: &str = r"\\.\pipe\";

/// Where Dante listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A TCP address; port 0 lets the system choose.
    Tcp(SocketAddr),
    /// A Unix domain socket.
    Unix(PathBuf),
    /// A Windows named pipe, with its whole name.
    Pipe(String),
    /// A socket that systemd opened for Dante (socket activation).
    Inherited,
}

/// Why a text is not an endpoint.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EndpointError {
    /// Its form is unknown.
    #[error(r"not a port (0 to 65535), an address with a port (127.0.0.1:8888, [::1]:8888), unix:/path or \\.\pipe\name")]
    Form,
    /// A pipe, on a system without pipes.
    #[error("named pipes exist only on Windows; listen on a port, or on unix:/path")]
    Pipe,
    /// A Unix domain socket, on a system where they are not supported.
    #[error(r"Unix domain sockets are not supported on Windows; listen on a port, or on \\.\pipe\name")]
    Unix,
    /// Too long for the system's socket addresses.
    #[error(
        "the path has more than 107 bytes, the most that a Unix domain socket's address holds; use a shorter one"
    )]
    LongPath,
}

impl Endpoint {
    /// Parses the value of `--listen`: a port (on loopback), an address with a port, `unix:` and a path,
    /// or the name of a pipe.
    ///
    /// # Errors
    /// When it is not one of these, or this system does not support it.
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Self::unix(path);
        }
        if is_pipe(text) {
            return Self::pipe(text);
        }
        if let Some(port) = port(text) {
            return Ok(Self::loopback(port));
        }
        if let Some(port) = text.strip_prefix("localhost:").and_then(port) {
            return Ok(Self::loopback(port));
        }
        text.parse().map(Self::Tcp).map_err(|_| EndpointError::Form)
    }

    /// A Unix domain socket at this path.
    ///
    /// # Errors
    /// On Windows, and when the path is empty or too long.
    pub(crate) fn unix(path: &str) -> Result<Self, EndpointError> {
        match path.len() {
            _ if cfg!(windows) => Err(EndpointError::Unix),
            0 => Err(EndpointError::Form),
            1..=107 => Ok(Self::Unix(path.into())),
            _ => Err(EndpointError::LongPath),
        }
    }

    /// The named pipe of this name.
    ///
    /// # Errors
    /// Everywhere except on Windows.
    pub(crate) fn pipe(name: &str) -> Result<Self, EndpointError> {
        if cfg!(windows) { Ok(Self::Pipe(name.to_owned())) } else { Err(EndpointError::Pipe) }
    }

    /// A port that only this machine can reach.
    pub(crate) fn loopback(port: u16) -> Self {
        Self::Tcp((Ipv4Addr::LOCALHOST, port).into())
    }

    /// A port on all of the machine's IPv4 addresses.
    pub(crate) fn everywhere(port: u16) -> Self {
        Self::Tcp((Ipv4Addr::UNSPECIFIED, port).into())
    }

    /// The addresses to open in a browser, without the prefix: first the one for this machine, then, if Dante
    /// listens on all interfaces, those for others. `interfaces` are this machine's addresses. Empty if a browser
    /// cannot connect to this endpoint.
    pub(crate) fn urls(&self, interfaces: &[IpAddr]) -> Vec<String> {
        let Self::Tcp(address) = self else { return Vec::new() };
        let url = |host: &str| format!("http://{host}:{}", address.port());
        let ip = address.ip();
        if !ip.is_unspecified() {
            return vec![if ip.is_loopback() { url("localhost") } else { url(&host(ip)) }];
        }
        // [::] accepts IPv4 as well, except on Windows.
        let reached = |other: &&IpAddr| match other {
            IpAddr::V4(v4) => !v4.is_loopback() && (ip.is_ipv4() || !cfg!(windows)),
            // Link-local addresses need a zone, which browsers do not accept.
            IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local() && ip.is_ipv6(),
        };
        // IPv4 sorts first: it is easier to type.
        let others: BTreeSet<_> = interfaces.iter().filter(reached).collect();
        iter::once(url("localhost")).chain(others.into_iter().map(|&ip| url(&host(ip)))).collect()
    }
}

/// An address in the notation of URLs.
fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Parses a port: digits only.
pub(crate) fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether this is the name of a Windows named pipe.
pub(crate) fn is_pipe(text: &str) -> bool {
    text.get(..PIPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(PIPE)) && text.len() > PIPE.len()
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Pipe(name) => f.write_str(name),
            Self::Inherited => f.write_str("an inherited socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listen_takes() {
        for (text, shown) in [
            ("8889", "127.0.0.1:8889"),
            ("0", "127.0.0.1:0"),
            ("localhost:81", "127.0.0.1:81"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:9", "[::1]:9"),
        ] {
            assert_eq!(Endpoint::parse(text).map(|e| e.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in
            ["", "80a", "65536", "-1", "+80", " 80", "127.0.0.1", "example.org:80", r"\\.\pip\x", "[::1]"]
        {
            assert_eq!(Endpoint::parse(text), Err(EndpointError::Form), "{text:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn kinds_that_this_system_has() {
        assert_eq!(Endpoint::parse("unix:/run/d.sock"), Ok(Endpoint::Unix("/run/d.sock".into())));
        assert_eq!(Endpoint::parse("unix:"), Err(EndpointError::Form));
        assert_eq!(Endpoint::parse(&format!("unix:/{}", "a".repeat(107))), Err(EndpointError::LongPath));
        assert_eq!(Endpoint::parse(r"\\.\pipe\dante"), Err(EndpointError::Pipe));
    }

    #[cfg(windows)]
    #[test]
    fn kinds_that_this_system_has() {
        assert_eq!(Endpoint::parse(r"\\.\pipe\dante"), Ok(Endpoint::Pipe(r"\\.\pipe\dante".into())));
        assert_eq!(Endpoint::parse("unix:/run/d.sock"), Err(EndpointError::Unix));
    }

    #[test]
    fn urls_to_open() {
        let interfaces =
            ["127.0.0.1", "::1", "fe80::1", "2001:db8::7", "192.168.1.7", "10.0.0.7", "10.0.0.7"];
        let interfaces = interfaces.map(|ip| ip.parse().unwrap());
        let everywhere = if cfg!(windows) {
            &["localhost:80", "[2001:db8::7]:80"][..]
        } else {
            &["localhost:80", "10.0.0.7:80", "192.168.1.7:80", "[2001:db8::7]:80"]
        };
        for (text, hosts) in [
            ("80", &["localhost:80"][..]),
            ("[::1]:80", &["localhost:80"]),
            ("10.0.0.7:80", &["10.0.0.7:80"]),
            ("[2001:db8::1]:80", &["[2001:db8::1]:80"]),
            ("0.0.0.0:80", &["localhost:80", "10.0.0.7:80", "192.168.1.7:80"]),
            ("[::]:80", everywhere),
        ] {
            let urls: Vec<_> = hosts.iter().map(|host| format!("http://{host}")).collect();
            assert_eq!(Endpoint::parse(text).unwrap().urls(&interfaces), urls, "{text}");
        }
        assert_eq!(Endpoint::Inherited.urls(&interfaces), [""; 0]);
        assert_eq!(Endpoint::everywhere(80).urls(&[]), ["http://localhost:80"], "nothing is known");
    }
}
