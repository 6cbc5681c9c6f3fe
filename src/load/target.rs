//! Where a load goes: a URL's parts, and the rule that it never leaves this machine by mistake.

use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use url::{Host, Url};

/// What a URL looks like.
const FORM: &str = "write a URL such as http://127.0.0.1:8888/ or http://127.0.0.1:8080/dante/";

/// How long a server may take to accept a first connection.
const KNOCK: Duration = Duration::from_secs(5);

/// A URL, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// As it is shown.
    pub(super) url: String,
    /// Whether TLS is spoken.
    pub(super) is_https: bool,
    /// The name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port, as in the header `Host`.
    pub(super) authority: String,
    /// The path without a slash at its end: what the server's paths follow.
    pub(super) base: String,
}

/// Why a load does not begin.
#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error("{host} cannot be looked up: {error}; check the name")]
    Unknown { host: String, error: io::Error },
    #[error(
        "{url} is not on this machine ({address} is not a loopback address), and a load can stop what others need; if the server is \
         yours, add --yes-this-is-my-server"
    )]
    Abroad { url: String, address: SocketAddr },
    #[error(
        "nothing accepts connections at {address}: {error}; start the server first, or check host and port of {url}"
    )]
    Closed { url: String, address: SocketAddr, error: io::Error },
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is not an http or https URL with a host; the text is reason and remedy.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(_) if !text.contains("://") && Url::parse(&format!("http://{text}")).is_ok() => {
                return Err(format!("the scheme is missing; write http://{text}"));
            }
            Err(error) => return Err(format!("not a URL ({error}); {FORM}")),
        };
        match url.scheme() {
            "http" | "https" => {}
            "ws" | "wss" => return Err(format!("{FORM}, and --transport websocket")),
            other => return Err(format!("{other} is not http or https; {FORM}")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user name, which a load does not send; leave it out".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("give the URL without what follows ? or #; {FORM}"));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(format!("the host is missing; {FORM}")),
        };
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port =
            port.ok_or_else(|| "port 0 is not a server's; give the port that it listens on".to_owned())?;
        let authority = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        let base = url.path().trim_end_matches('/').to_owned();
        Ok(Self { url: url.to_string(), is_https: url.scheme() == "https", host, port, authority, base })
    }

    /// The address of the server, which has accepted a connection.
    ///
    /// # Errors
    /// When the name is not known, one of its addresses is not this machine's (unless that is allowed), or none answers.
    pub(super) fn reach(&self, anywhere: bool) -> Result<SocketAddr, TargetError> {
        let unknown = |error| TargetError::Unknown { host: self.host.clone(), error };
        let found: Vec<_> = (self.host.as_str(), self.port).to_socket_addrs().map_err(unknown)?.collect();
        if !anywhere {
            self.stay_here(&found)?;
        }
        let mut refused = None;
        for address in found {
            match TcpStream::connect_timeout(&address, KNOCK) {
                Ok(_) => return Ok(address),
                Err(error) => refused = Some(TargetError::Closed { url: self.url.clone(), address, error }),
            }
        }
        Err(refused.unwrap_or_else(|| unknown(io::Error::other("it has no address"))))
    }

    /// Holds that all addresses are this machine's: a name may have others, too.
    fn stay_here(&self, addresses: &[SocketAddr]) -> Result<(), TargetError> {
        match addresses.iter().find(|address| !address.ip().to_canonical().is_loopback()) {
            Some(address) => Err(TargetError::Abroad { url: self.url.clone(), address: *address }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, authority, port, base) in [
            ("http://127.0.0.1:8888/", "127.0.0.1:8888", 8888, ""),
            ("http://localhost/dante/", "localhost", 80, "/dante"),
            ("http://[::1]:81/a/b", "[::1]:81", 81, "/a/b"),
            ("https://localhost/", "localhost", 443, ""),
        ] {
            let target = Target::read(text).unwrap();
            assert_eq!(
                (target.authority.as_str(), target.port, target.base.as_str()),
                (authority, port, base)
            );
        }
        for (text, word) in [
            ("127.0.0.1:8888", "http://127.0.0.1:8888"),
            ("ws://127.0.0.1/", "--transport"),
            ("http://a:b@127.0.0.1/", "user name"),
            ("http://127.0.0.1/?x", "?"),
            ("http://127.0.0.1:0/", "port 0"),
            ("", "such as"),
        ] {
            let refusal = Target::read(text).unwrap_err();
            assert!(refusal.contains(word), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_load_stays_on_this_machine() {
        let target = Target::read("http://example.org/").unwrap();
        for (addresses, stays) in [
            (&["127.0.0.1:80"][..], true),
            (&["127.77.0.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"], true),
            (&["127.0.0.1:80", "192.0.2.7:80"], false),
            (&["[2001:db8::1]:80"], false),
            (&["0.0.0.0:80"], false),
        ] {
            let addresses: Vec<_> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            let answer = target.stay_here(&addresses);
            assert_eq!(answer.is_ok(), stays, "{addresses:?}");
            if let Err(error) = answer {
                assert!(error.to_string().contains("--yes-this-is-my-server"), "{error}");
            }
        }
    }
}
