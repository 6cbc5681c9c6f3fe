//! [`Wishes`]: what the probe's options ask of a browser, and the arguments that say it. Pure.

use std::{ffi::OsString, net::SocketAddr, path::Path};

/// What is switched off: whatever a browser does of its own accord.
const QUIET: &[&str] = &[
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    "--mute-audio",
    // Else macOS and Linux may ask the user for the key to their passwords.
    "--password-store=basic",
    "--use-mock-keychain",
    // Containers have 64 MiB of /dev/shm, on which pages crash.
    "--disable-dev-shm-usage",
    "--lang=en-US",
    "--remote-debugging-port=0",
];

/// What the probe's options ask of a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// Whether to go on where the certificate is not trusted.
    pub(crate) insecure: bool,
    /// Hosts and ports, in ASCII and without brackets, with the address to use.
    pub(crate) resolve: Vec<(String, u16, SocketAddr)>,
    /// The only host that may be reached, where headers are sent that no other may see.
    pub(crate) only: Option<String>,
    /// The proxy to go through, as a URL; none for none, whatever the system has.
    pub(crate) proxy: Option<String>,
}

impl Wishes {
    /// The arguments that start a browser with this profile.
    pub(super) fn arguments(&self, profile: &Path, is_root: bool) -> Vec<OsString> {
        let mut all: Vec<OsString> = QUIET.iter().map(OsString::from).collect();
        let mut folder = OsString::from("--user-data-dir=");
        folder.push(profile);
        all.push(folder);
        // Chromium refuses to start its sandbox as root, and ends (content/browser/zygote_host).
        all.extend(is_root.then(|| "--no-sandbox".into()));
        all.extend(self.insecure.then(|| "--ignore-certificate-errors".into()));
        match &self.proxy {
            // Of its own accord Chromium goes to loopback directly.
            Some(proxy) => {
                all.extend(
                    [format!("--proxy-server={proxy}"), "--proxy-bypass-list=<-loopback>".to_owned()]
                        .map(Into::into),
                );
            }
            None => all.push("--no-proxy-server".into()),
        }
        let rules = self.resolver_rules();
        if !rules.is_empty() {
            all.push(format!("--host-resolver-rules={}", rules.join(", ")).into());
        }
        all.push("about:blank".into());
        all
    }

    /// Rules of which the first that matches counts (net/base/host_mapping_rules.h). They hold for addresses, too, and for everything
    /// that a page asks for: its requests, its WebSockets, where redirects lead.
    fn resolver_rules(&self) -> Vec<String> {
        let given = self.resolve.iter().map(|(host, port, address)| format!("MAP {host}:{port} {address}"));
        let only = self.only.iter().flat_map(|host| {
            let itself = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            [format!("MAP {host} {itself}"), "MAP * ~NOTFOUND".to_owned()]
        });
        given.chain(only).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(wishes: &Wishes, is_root: bool) -> Vec<String> {
        let all = wishes.arguments(Path::new("/p q"), is_root);
        all.into_iter().map(|one| one.into_string().unwrap()).collect()
    }

    #[test]
    fn only_what_is_asked_for_is_weakened() {
        let plain = arguments(&Wishes::default(), false);
        assert!(plain.contains(&"--user-data-dir=/p q".to_owned()));
        assert_eq!(plain.last().unwrap(), "about:blank");
        for weak in ["--no-sandbox", "--ignore-certificate-errors", "--host-resolver-rules"] {
            assert!(!plain.iter().any(|one| one.starts_with(weak)), "{weak}");
        }
        let weak = arguments(&Wishes { insecure: true, ..Wishes::default() }, true);
        assert!(weak.contains(&"--no-sandbox".to_owned()));
        assert!(weak.contains(&"--ignore-certificate-errors".to_owned()));
    }

    #[test]
    fn the_way_out_is_the_probes() {
        assert!(arguments(&Wishes::default(), false).contains(&"--no-proxy-server".to_owned()));
        let through = arguments(&Wishes { proxy: Some("http://p:3128".into()), ..Wishes::default() }, false);
        assert!(through.contains(&"--proxy-server=http://p:3128".to_owned()));
        assert!(!through.contains(&"--no-proxy-server".to_owned()));
    }

    #[test]
    fn addresses_and_headers_stay_with_their_host() {
        let resolve = vec![("example.org".to_owned(), 443, "[::1]:443".parse().unwrap())];
        let only = Some("example.org".to_owned());
        let rules = Wishes { resolve, only, ..Wishes::default() }.resolver_rules();
        assert_eq!(
            rules,
            ["MAP example.org:443 [::1]:443", "MAP example.org example.org", "MAP * ~NOTFOUND"]
        );
        let address = Wishes { only: Some("::1".to_owned()), ..Wishes::default() };
        assert_eq!(address.resolver_rules()[0], "MAP ::1 [::1]");
    }
}
