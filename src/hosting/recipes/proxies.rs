//! What the files for nginx, Apache, Caddy, HAProxy and Traefik need to know about a site.

use super::{Listen, Site, Upstream};
use crate::bad_value::BadValue;

/// The digits by which [`Site::shares`] divides addresses.
const DIGITS: &str = "0123456789abcdef";

impl Site {
    /// Whether Apache can spread addresses over these upstreams.
    pub(super) fn accepts_apache(&self) -> Result<(), BadValue> {
        match self.upstreams.get(DIGITS.len()) {
            None => Ok(()),
            Some(spare) => {
                let reason = "in Apache's file, client addresses can be spread over at most 16 upstreams; give fewer, or use another proxy";
                Err(BadValue::new("--upstream", &spare.to_string(), reason))
            }
        }
    }

    /// Whether Traefik can reach these upstreams.
    pub(super) fn accepts_traefik(&self) -> Result<(), BadValue> {
        match self.upstreams.iter().find(|upstream| matches!(upstream, Upstream::Unix(_))) {
            None => Ok(()),
            Some(socket) => {
                let reason =
                    "Traefik reaches no Unix domain sockets; give a host and a port, such as 127.0.0.1:8888";
                Err(BadValue::new("--upstream", &socket.to_string(), reason))
            }
        }
    }

    /// The commands that start the Dantes behind the proxy.
    pub(crate) fn commands(&self) -> Vec<String> {
        let prefix = match self.passed_prefix() {
            "" => String::new(),
            prefix => format!(" --prefix {prefix}"),
        };
        self.upstreams
            .iter()
            .map(|upstream| format!("dante{prefix} --listen {}", upstream.listen()))
            .collect()
    }

    /// Whether the proxy has a prefix to strip.
    pub(crate) fn strips(&self) -> bool {
        self.strip && !self.prefix.is_root()
    }

    /// The path at which Dante sees the root of the prefix, for a proxy that replaces its own path with it.
    pub(crate) fn passed_root(&self) -> &str {
        match self.passed_prefix() {
            "" => "/",
            prefix => prefix,
        }
    }

    /// The prefix's last segment, for relative redirects.
    pub(crate) fn folder(&self) -> &str {
        self.prefix.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// The prefix as a regular expression.
    pub(crate) fn path_pattern(&self) -> String {
        // Of the characters that a proxy's prefix may have, only the dot is special there.
        self.prefix.as_str().replace('.', r"\.")
    }

    /// Whether the proxy reaches a Dante over a Unix domain socket.
    pub(crate) fn has_unix_sockets(&self) -> bool {
        self.upstreams.iter().any(|upstream| matches!(upstream, Upstream::Unix(_)))
    }

    /// For each upstream, counted from 1, the first hexadecimal digits of the hashes of its readers' addresses.
    pub(crate) fn shares(&self) -> Vec<(usize, String)> {
        let share = |index: usize| {
            let digits = DIGITS.chars().enumerate();
            let ours = digits.filter(|(value, _)| value * self.upstreams.len() / DIGITS.len() == index);
            (index + 1, ours.map(|(_, digit)| digit).collect())
        };
        (0..self.upstreams.len()).map(share).collect()
    }

    /// The upstream that replaces another one when it is down, both counted from 1.
    pub(crate) fn substitute(&self, index: &usize) -> usize {
        index % self.upstreams.len() + 1
    }
}

impl Upstream {
    /// The address in the notation of a proxy that writes `unix` before the path of a Unix domain socket.
    pub(crate) fn address(&self, unix: &str) -> String {
        match self {
            Self::Tcp(address) => address.clone(),
            Self::Unix(path) => format!("{unix}{path}"),
        }
    }

    /// The URL as Apache writes it, without a path. Apache gives all members of a balancer that have the same host the
    /// same socket, so each has its own.
    pub(crate) fn url(&self, index: &usize) -> String {
        match self {
            Self::Tcp(address) => format!("http://{address}"),
            Self::Unix(path) => format!("unix:{path}|http://dante-{index}"),
        }
    }

    /// The value of `--listen` for the Dante that the proxy looks for there.
    fn listen(&self) -> String {
        match self {
            // A host name is how the proxy sees that machine; Dante listens on all its addresses.
            Self::Tcp(address) => match address.rsplit_once(':') {
                Some((_, port)) if address.parse::<std::net::SocketAddr>().is_err() => {
                    format!("0.0.0.0:{port}")
                }
                _ => address.clone(),
            },
            Self::Unix(path) => format!("unix:{path}"),
        }
    }
}

impl Listen {
    /// The port, with its address if it is bound to one.
    pub(crate) fn address(&self) -> String {
        match self.ip {
            Some(_) => format!("{}:{}", self.host(), self.port),
            None => self.port.to_string(),
        }
    }

    /// The same as Traefik has it: a colon before the port alone.
    pub(crate) fn entry_point(&self) -> String {
        if self.ip.is_some() { self.address() } else { format!(":{}", self.port) }
    }

    /// The address for a place before the port; `*` for all addresses.
    pub(crate) fn host(&self) -> String {
        match self.ip {
            None => "*".to_owned(),
            Some(std::net::IpAddr::V4(ip)) => ip.to_string(),
            Some(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Wanted};
    use super::*;

    const PROXIES: [Recipe; 4] = [Recipe::Nginx, Recipe::Apache, Recipe::Caddy, Recipe::Haproxy];
    const UNIX: &str = "unix:/run/dante/1.sock";
    const TCP: &str = "[::1]:8889";

    /// What is printed, without its comments: `dante hosting RECIPE --prefix … --upstream …`.
    fn lines(recipe: Recipe, prefix: &str, upstreams: &[&str], wanted: Wanted<'_>) -> Vec<String> {
        let upstreams: Vec<String> = upstreams.iter().map(|&upstream| upstream.to_owned()).collect();
        let wanted = Wanted { prefix: Some(prefix), upstreams: &upstreams, ..wanted };
        let text = recipe.render(&Site::read(recipe, &wanted).unwrap()).unwrap();
        assert!(text.ends_with("\n") && !text.ends_with("\n\n"), "{recipe}");
        let lines = text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
    }

    fn assert_has(lines: &[String], wanted: &[&str]) {
        for line in wanted {
            assert!(lines.iter().any(|there| there == line), "{line:?} is missing in {lines:#?}");
        }
    }

    #[test]
    fn the_prefix_is_kept() {
        let print = |recipe| lines(recipe, "/a/b.c", &[UNIX], Wanted::default());
        assert_has(
            &print(Recipe::Nginx),
            &[
                "server unix:/run/dante/1.sock;",
                "listen 80;",
                "listen [::]:80;",
                "location = /a/b.c {",
                "location /a/b.c/ {",
                "proxy_pass http://dante;",
                "proxy_set_header X-Forwarded-Prefix \"\";",
                "proxy_http_version 1.1;",
                "proxy_buffering off;",
            ],
        );
        assert_has(
            &print(Recipe::Apache),
            &[
                "<VirtualHost *:80>",
                "<Location \"/a/b.c\">",
                "ProxyPass \"unix:/run/dante/1.sock|http://dante-1/a/b.c\" upgrade=websocket flushpackets=on retry=0 \
                 connectiontimeout=5",
                "RequestHeader unset X-Forwarded-Prefix",
            ],
        );
        assert_has(
            &print(Recipe::Caddy),
            &[
                "http://:80 {",
                "@dante path /a/b.c /a/b.c/*",
                "reverse_proxy unix//run/dante/1.sock {",
                "header_up -X-Forwarded-Prefix",
            ],
        );
        assert_has(
            &print(Recipe::Haproxy),
            &[
                "bind :::80 v4v6",
                "use_backend dante if { path /a/b.c } || { path_beg /a/b.c/ }",
                "server dante unix@/run/dante/1.sock",
                "http-request del-header X-Forwarded-Prefix",
            ],
        );
    }

    #[test]
    fn the_prefix_is_stripped() {
        let wanted = Wanted { strip: true, listen: Some("[::1]:8080"), ..Wanted::default() };
        let print = |recipe| lines(recipe, "/a/b.c", &[TCP], wanted.clone());
        assert_has(
            &print(Recipe::Nginx),
            &[
                "listen [::1]:8080;",
                "return 308 ./b.c/$is_args$args;",
                "proxy_pass http://dante/;",
                "proxy_set_header X-Forwarded-Prefix /a/b.c;",
            ],
        );
        assert_has(
            &print(Recipe::Apache),
            &[
                "Listen [::1]:8080",
                "<VirtualHost [::1]:8080>",
                r#"<LocationMatch "^/a/b\.c$">"#,
                "<Location \"/a/b.c/\">",
                "ProxyPass \"http://[::1]:8889/\" upgrade=websocket flushpackets=on retry=0 connectiontimeout=5",
                "RequestHeader set X-Forwarded-Prefix \"/a/b.c\"",
            ],
        );
        assert_has(
            &print(Recipe::Caddy),
            &[
                "http://:8080 {",
                "bind ::1",
                "redir /a/b.c ./b.c/{dante_query} 308",
                "handle_path /a/b.c/* {",
                "header_up X-Forwarded-Prefix /a/b.c",
            ],
        );
        assert_has(
            &print(Recipe::Haproxy),
            &[
                "bind [::1]:8080",
                r"http-request replace-path ^/a/b\.c/(.*) /\1",
                "http-request set-header X-Forwarded-Prefix /a/b.c",
            ],
        );
    }

    #[test]
    fn at_the_root_everything_is_for_dante_and_nothing_to_strip() {
        for recipe in PROXIES {
            let kept = lines(recipe, "/", &[TCP], Wanted::default());
            assert_eq!(kept, lines(recipe, "/", &[TCP], Wanted { strip: true, ..Wanted::default() }));
            let whole = match recipe {
                Recipe::Nginx => "location / {",
                Recipe::Apache => "<Location \"/\">",
                Recipe::Caddy => "handle {",
                _ => "default_backend dante",
            };
            assert_has(&kept, &[whole]);
        }
    }

    #[test]
    fn several_upstreams_are_chosen_by_the_readers_address() {
        for (recipe, wanted) in [
            (Recipe::Nginx, &["hash $remote_addr consistent;"][..]),
            (
                Recipe::Apache,
                &[
                    "ProxyPass \"balancer://dante/dante\"",
                    "BalancerMember \"unix:/run/dante/1.sock|http://dante-1\" route=1 redirect=2 upgrade=websocket \
                     flushpackets=on retry=10 connectiontimeout=5",
                    "RequestHeader set Cookie \"dante-node=.1\" \"expr=md5(%{REMOTE_ADDR}) =~ /^[01234567]/\"",
                    "RequestHeader set Cookie \"dante-node=.2\" \"expr=md5(%{REMOTE_ADDR}) =~ /^[89abcdef]/\"",
                ],
            ),
            (Recipe::Caddy, &["lb_policy ip_hash"]),
            (Recipe::Haproxy, &["balance source", "server dante-1 unix@/run/dante/1.sock cookie 1 check"]),
        ] {
            let several = lines(recipe, "/dante", &[UNIX, TCP], Wanted::default());
            assert_has(&several, wanted);
            let one = lines(recipe, "/dante", &[UNIX], Wanted::default());
            assert!(wanted.iter().all(|line| one.iter().all(|there| there != line)), "{one:#?}");
        }
    }

    #[test]
    fn traefik_keeps_or_strips_the_prefix_and_shares_readers() {
        let two = lines(Recipe::Traefik, "/a/b.c", &[TCP, "dante-2:80"], Wanted::default());
        assert_has(
            &two,
            &[
                "rule: \"Path(`/a/b.c`) || PathPrefix(`/a/b.c/`)\"",
                "- url: \"http://[::1]:8889\"",
                "- url: \"http://dante-2:80\"",
                "strategy: hrw",
                "path: /health/ready",
            ],
        );
        assert!(two.iter().all(|line| !line.contains("stripPrefix")));
        let wanted = Wanted { strip: true, ..Wanted::default() };
        let one = lines(Recipe::Traefik, "/a/b.c", &[TCP], wanted);
        assert_has(&one, &[r"regex: '^(https?://[^/?]+/a/b\.c)(\?.*)?$'", "prefixes: [\"/a/b.c\"]"]);
        assert!(one.iter().all(|line| !line.contains("sticky")));
        let socket = [UNIX.to_owned()];
        let refused = Site::read(Recipe::Traefik, &Wanted { upstreams: &socket, ..Wanted::default() });
        assert!(
            refused.unwrap_err().to_string().starts_with("--upstream \"unix:/run/dante/1.sock\": Traefik")
        );
        let listen = Wanted { listen: Some("127.0.0.1:81"), ..Wanted::default() };
        for (wanted, address) in [(Wanted::default(), "=:80 "), (listen, "=127.0.0.1:81 ")] {
            let text = Recipe::Traefik.render(&Site::read(Recipe::Traefik, &wanted).unwrap()).unwrap();
            assert!(text.contains(&format!("--entryPoints.dante.address{address}")), "{text}");
        }
    }

    #[test]
    fn apache_divides_all_addresses_among_sixteen_at_most() {
        let upstreams: Vec<String> = (1..=17).map(|port| format!("127.0.0.1:{port}")).collect();
        let read = |count: usize| {
            Site::read(Recipe::Apache, &Wanted { upstreams: &upstreams[..count], ..Wanted::default() })
        };
        for count in 1..=16 {
            let site = read(count).unwrap();
            let shares = site.shares();
            assert!(shares.iter().all(|(_, digits)| !digits.is_empty()), "{count}");
            assert_eq!(shares.into_iter().map(|(_, digits)| digits).collect::<String>(), DIGITS);
            assert_eq!((site.substitute(&1), site.substitute(&count)), (if count == 1 { 1 } else { 2 }, 1));
        }
        assert!(read(17).unwrap_err().to_string().starts_with(r#"--upstream "127.0.0.1:17": in Apache"#));
    }

    #[test]
    fn the_header_says_how_dante_is_started() {
        let upstreams = [UNIX.to_owned(), TCP.to_owned(), "dante-3:80".to_owned()];
        let wanted = Wanted { prefix: Some("/a"), upstreams: &upstreams, ..Wanted::default() };
        for recipe in PROXIES {
            let kept = Site::read(recipe, &wanted).unwrap();
            let commands = [
                "dante --prefix /a --listen unix:/run/dante/1.sock",
                "dante --prefix /a --listen [::1]:8889",
                "dante --prefix /a --listen 0.0.0.0:80",
            ];
            assert_eq!(kept.commands(), commands);
            let text = recipe.render(&kept).unwrap();
            assert!(commands.iter().all(|command| text.contains(&format!("\n#   {command}\n"))), "{text}");
            let stripped = Site::read(recipe, &Wanted { strip: true, ..wanted.clone() }).unwrap();
            assert_eq!(stripped.commands()[1], "dante --listen [::1]:8889");
        }
    }
}
