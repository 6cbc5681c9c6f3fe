//! [`RedisUrl`]: where Redis is, and who we are there. What is shown of it never has the password.

use std::fmt;

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

/// The URL of a Redis, checked. Its `Debug` and `Display` leave out user and password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisUrl {
    url: String,
    shown: String,
    database: i64,
}

impl RedisUrl {
    /// Reads `redis://…`, `rediss://…` (TLS), `unix:///…` and their kin.
    ///
    /// # Errors
    /// When it is not such a URL; the error is reason and remedy, and tells no password.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        // What the library says of it may quote it.
        let info = text.into_connection_info().map_err(|_| {
            "not the URL of a Redis; give redis://HOST:PORT, redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss://… for TLS, or unix:///PATH"
        })?;
        let database = info.redis_settings().db();
        Ok(Self { url: text.to_owned(), shown: shown(&info), database })
    }

    /// The text of an URL that may be no good, without what may be a password: all between `//` and the last `@`, and the query.
    pub(crate) fn without_secrets(text: &str) -> String {
        let text = text.split_once('?').map_or(text, |(before, _)| before);
        match text.rsplit_once('@') {
            Some((before, host)) => {
                let scheme = before.split_once("//").map_or("", |(scheme, _)| scheme);
                format!("{scheme}//…@{host}")
            }
            None => text.to_owned(),
        }
    }

    /// The number of the database, which names the fleet.
    pub(super) fn database(&self) -> i64 {
        self.database
    }

    /// A client that has not connected yet.
    ///
    /// # Errors
    /// Never in practice: the URL was read before.
    pub(super) fn client(&self) -> redis::RedisResult<Client> {
        Client::open(&*self.url)
    }
}

fn shown(info: &ConnectionInfo) -> String {
    let database = info.redis_settings().db();
    match info.addr() {
        ConnectionAddr::Unix(path) => format!("unix://{}?db={database}", path.display()),
        ConnectionAddr::TcpTls { .. } => format!("rediss://{}/{database}", info.addr()),
        address => format!("redis://{address}/{database}"),
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_password() {
        for (text, is_shown) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
            ("redis://dante:hush@redis.internal:7000/3", "redis://redis.internal:7000/3"),
            ("rediss://:hush@redis.internal", "rediss://redis.internal:6379/0"),
            #[cfg(unix)]
            ("unix:///run/redis.sock?db=2&user=dante&pass=hush", "unix:///run/redis.sock?db=2"),
        ] {
            let url = RedisUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), is_shown);
            assert!(!format!("{url:?}").contains("hush"));
        }
    }

    #[test]
    fn a_url_that_is_no_good_keeps_its_secret() {
        for (text, left) in [
            ("redis://dante:hush@host:port", "redis://…@host:port"),
            ("redis//:hu@sh@host", "redis//…@host"),
            ("dante:hush@host", "//…@host"),
            ("unix:///a?pass=hush", "unix:///a"),
            ("127.0.0.1:6379", "127.0.0.1:6379"),
        ] {
            assert_eq!(RedisUrl::without_secrets(text), left);
        }
        for text in ["", "127.0.0.1:6379", "http://127.0.0.1", "redis://dante:hush@host/x", "redis://"] {
            let error = RedisUrl::parse(text).unwrap_err();
            assert!(error.contains("give redis://HOST:PORT") && !error.contains("hush"), "{error}");
        }
    }
}
