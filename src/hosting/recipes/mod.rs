//! The files that hosts need, from `templates/hosts/`.

mod iis;
mod proxies;
mod site;
mod systemd;

use std::fmt;

use askama::Template;
use clap::ValueEnum;

use site::{Listen, Upstream};
pub use site::{Site, Wanted};

use crate::bad_value::BadValue;

/// A host that needs a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Recipe {
    /// a server block for nginx
    Nginx,
    /// a virtual host for Apache 2.4
    Apache,
    /// a Caddyfile
    Caddy,
    /// a haproxy.cfg
    Haproxy,
    /// a dynamic configuration for Traefik 3
    Traefik,
    /// web.config for iisnode
    Iisnode,
    /// web.config for HttpPlatformHandler
    Httpplatform,
    /// web.config for the ASP.NET Core Module
    Aspnetcore,
    /// web.config for IIS as a reverse proxy (Application Request Routing)
    Arr,
    /// dante.service for systemd
    Systemd,
    /// dante.socket for systemd: a socket that outlives restarts
    SystemdSocket,
    /// commands for Azure App Service
    Azure,
}

/// Which options a recipe uses.
pub(super) struct Uses {
    prefix: bool,
    upstream: bool,
    strip: bool,
    listen: bool,
    /// The program to start when no other is named.
    exe: Option<&'static str>,
}

impl Uses {
    const PROXY: Self = Self { prefix: true, upstream: true, strip: true, listen: true, exe: None };

    const NOTHING: Self = Self { prefix: false, upstream: false, strip: false, listen: false, exe: None };

    const fn launcher(exe: &'static str) -> Self {
        Self { prefix: true, exe: Some(exe), ..Self::NOTHING }
    }
}

macro_rules! templates {
    ($($name:ident $path:literal),* $(,)?) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            site: &'a Site,
        }
    )*};
}

/// Nothing in it depends on the site: shell variables configure it.
const AZURE: &str = include_str!("../../../templates/hosts/azure.sh");

templates! {
    Nginx "hosts/nginx.conf",
    Apache "hosts/apache.conf",
    Caddy "hosts/Caddyfile",
    Haproxy "hosts/haproxy.cfg",
    Traefik "hosts/traefik.yml",
    Iisnode "hosts/iisnode.config",
    HttpPlatform "hosts/httpplatform.config",
    AspNetCore "hosts/aspnetcore.config",
    Arr "hosts/arr.config",
    Systemd "hosts/dante.service",
    SystemdSocket "hosts/dante.socket",
}

impl Recipe {
    fn uses(self) -> Uses {
        match self {
            Self::Nginx | Self::Apache | Self::Caddy | Self::Haproxy | Self::Traefik => Uses::PROXY,
            Self::Arr => Uses { listen: false, ..Uses::PROXY },
            // iisnode does not look in the site's folder (iisnode cnodeprocess.cpp:175-185).
            Self::Iisnode => Uses::launcher(r"C:\inetpub\dante\dante.exe"),
            Self::Httpplatform | Self::Aspnetcore => Uses::launcher(r".\dante.exe"),
            Self::Systemd => Uses::launcher("/usr/local/bin/dante"),
            Self::SystemdSocket => Uses { upstream: true, ..Uses::NOTHING },
            Self::Azure => Uses::NOTHING,
        }
    }

    /// Whether the host can do what the site asks for.
    fn accepts(self, site: &Site) -> Result<(), BadValue> {
        match self {
            Self::Iisnode | Self::Httpplatform | Self::Aspnetcore => site.accepts_windows_program(),
            Self::Apache => site.accepts_apache(),
            Self::Traefik => site.accepts_traefik(),
            Self::Arr => site.accepts_arr(),
            Self::Systemd => systemd::accepts_program(&site.exe),
            Self::SystemdSocket => systemd::accepts_socket(site),
            _ => Ok(()),
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// Only if formatting fails, which a text in memory never does.
    pub fn render(self, site: &Site) -> askama::Result<String> {
        let text = match self {
            Self::Nginx => Nginx { site }.render(),
            Self::Apache => Apache { site }.render(),
            Self::Caddy => Caddy { site }.render(),
            Self::Haproxy => Haproxy { site }.render(),
            Self::Traefik => Traefik { site }.render(),
            Self::Iisnode => Iisnode { site }.render(),
            Self::Httpplatform => HttpPlatform { site }.render(),
            Self::Aspnetcore => AspNetCore { site }.render(),
            Self::Arr => Arr { site }.render(),
            Self::Systemd => Systemd { site }.render(),
            Self::SystemdSocket => SystemdSocket { site }.render(),
            Self::Azure => Ok(AZURE.to_owned()),
        }?;
        // askama drops a template's last line feed, and HAProxy refuses a file without one.
        Ok(text.trim_end().to_owned() + "\n")
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("?", |value| value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(recipe: Recipe, prefix: &str, exe: &str) -> String {
        let wanted = Wanted { prefix: Some(prefix), exe: Some(exe), ..Wanted::default() };
        recipe.render(&Site::read(recipe, &wanted).unwrap()).unwrap()
    }

    #[test]
    fn names_are_escaped_for_xml() {
        for recipe in [Recipe::Iisnode, Recipe::Httpplatform, Recipe::Aspnetcore] {
            let text = text(recipe, "/r&d", r"C:\a & b\dante.exe");
            assert!(text.contains(r"C:\a &#38; b\dante.exe") && !text.contains("& "), "{text}");
        }
    }

    #[test]
    fn the_prefix_is_always_written_where_the_host_cannot_tell_it() {
        for recipe in [Recipe::Iisnode, Recipe::Httpplatform] {
            let value = |prefix| text(recipe, prefix, "dante.exe");
            assert!(value("/demo").contains(r#"value="/demo""#));
            assert!(value("/").contains(r#"value="/""#));
        }
    }
}
