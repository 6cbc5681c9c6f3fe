//! [`Resolve`]: an address in the place of those that a name has (`--resolve`). Pure.

use std::net::SocketAddr;

use crate::bad_value::BadValue;

/// An address that a host has for the probe.
#[derive(Debug, Clone)]
pub(super) struct Resolve {
    /// In ASCII, as targets have it.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) address: SocketAddr,
}

impl Resolve {
    /// A host, a port and an address, as curl takes them.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn read(text: &str) -> Result<Self, BadValue> {
        let form =
            || BadValue::new("--resolve", text, "write HOST:PORT:ADDRESS, such as example.org:443:192.0.2.1");
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(form());
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(form)?;
        let address = address.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(address);
        let ip: std::net::IpAddr = address.parse().map_err(|_| form())?;
        let host = url::Host::parse(host).map_err(|_| form())?;
        Ok(Self { host: host.to_string(), port, address: SocketAddr::new(ip, port) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, host, address) in [
            ("Example.org:443:[::1]", "example.org", "[::1]:443"),
            ("example.org:80:192.0.2.1", "example.org", "192.0.2.1:80"),
            ("müller.example:80:192.0.2.1", "xn--mller-kva.example", "192.0.2.1:80"),
        ] {
            let read = Resolve::read(text).unwrap();
            assert_eq!((read.host.as_str(), read.address.to_string().as_str()), (host, address));
            assert_eq!(read.port, read.address.port());
        }
        for text in ["a:443", "a:443:b", "a:0:192.0.2.1", "a b:80:192.0.2.1"] {
            let error = Resolve::read(text).unwrap_err().to_string();
            assert!(error.contains("--resolve") && error.contains("ADDRESS"), "{error}");
        }
    }
}
