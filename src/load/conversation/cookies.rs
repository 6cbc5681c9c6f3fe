//! [`Cookies`]: what the server, or a proxy before it, has set for a reader: many a proxy finds the node of a session by a cookie.

use std::cell::RefCell;

use cookie_store::CookieStore;
use url::Url;

/// A reader's cookies, which outlive its connections as a browser's do. Nothing is allocated before there is one.
#[derive(Debug, Default)]
pub(in super::super) struct Cookies {
    kept: RefCell<Option<Box<Kept>>>,
}

/// The cookies of one endpoint.
#[derive(Debug)]
struct Kept {
    store: CookieStore,
    url: Url,
}

impl Cookies {
    /// Takes a `Set-Cookie` of an answer from this URL. One that cannot be used is left out, as browsers do.
    pub(super) fn take(&self, text: &str, url: Url) {
        let mut kept = self.kept.borrow_mut();
        let Kept { store, url } =
            &mut **kept.get_or_insert_with(|| Box::new(Kept { store: CookieStore::default(), url }));
        let _ = store.parse(text, url);
    }

    /// The line of a request's head that sends them back; empty where there are none.
    pub(super) fn line(&self) -> String {
        let kept = self.kept.borrow();
        let Some(Kept { store, url }) = kept.as_deref() else { return String::new() };
        let pairs: Vec<_> =
            store.get_request_values(url).map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("Cookie: {}\r\n", pairs.join("; ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_sent_back() {
        for (url, set, line) in [
            ("http://h/socket.io/", &["a=1"][..], "Cookie: a=1\r\n"),
            ("http://h/socket.io/", &["a=1; Path=/", "a=2; Path=/; HttpOnly"], "Cookie: a=2\r\n"),
            ("http://h/socket.io/", &["a=1", "a=; Max-Age=0"], ""),
            ("http://h/socket.io/", &["a=1; Path=/elsewhere"], ""),
            ("http://h/socket.io/", &["a=1; Domain=other.example"], ""),
            ("http://h/socket.io/", &["a=1; Secure"], ""),
            ("https://h/socket.io/", &["a=1; Secure"], "Cookie: a=1\r\n"),
            ("http://127.0.0.1:8888/socket.io/", &["nonsense"], ""),
            ("http://h/", &[], ""),
        ] {
            let cookies = Cookies::default();
            for text in set {
                cookies.take(text, Url::parse(url).unwrap());
            }
            assert_eq!(cookies.line(), line, "{url}: {set:?}");
        }
    }
}
