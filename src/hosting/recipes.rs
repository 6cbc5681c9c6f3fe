//! The files that hosts need, from `templates/hosts/`.

use askama::Template;

use super::prefix::Prefix;

/// A host that needs a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Recipe {
    /// web.config for iisnode
    Iisnode,
    /// web.config for HttpPlatformHandler
    Httpplatform,
    /// web.config for the ASP.NET Core Module
    Aspnetcore,
}

#[derive(Template)]
#[template(path = "hosts/iisnode.config")]
struct Iisnode<'a> {
    prefix: &'a str,
    exe: &'a str,
}

#[derive(Template)]
#[template(path = "hosts/httpplatform.config")]
struct HttpPlatform<'a> {
    prefix: &'a str,
    exe: &'a str,
}

#[derive(Template)]
#[template(path = "hosts/aspnetcore.config")]
struct AspNetCore<'a> {
    exe: &'a str,
}

impl Recipe {
    /// What the command line of the host starts when nothing else is said. iisnode does not look in
    /// the site's folder (iisnode cnodeprocess.cpp:175-185), so there the path is a whole one.
    pub fn default_exe(self) -> &'static str {
        match self {
            Self::Iisnode => r"C:\inetpub\dante\dante.exe",
            Self::Httpplatform | Self::Aspnetcore => r".\dante.exe",
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// Only if formatting fails, which a text in memory never does.
    pub fn render(self, prefix: &Prefix, exe: &str) -> askama::Result<String> {
        let prefix = prefix.as_str();
        match self {
            Self::Iisnode => Iisnode { prefix, exe }.render(),
            Self::Httpplatform => HttpPlatform { prefix, exe }.render(),
            Self::Aspnetcore => AspNetCore { exe }.render(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_for_xml() {
        for recipe in [Recipe::Iisnode, Recipe::Httpplatform, Recipe::Aspnetcore] {
            let text = recipe.render(&Prefix::parse("/r&d").unwrap(), r"C:\a & b\dante.exe").unwrap();
            assert!(text.contains(r"C:\a &#38; b\dante.exe") && !text.contains("& "), "{text}");
        }
    }

    #[test]
    fn the_prefix_is_always_written_where_the_host_cannot_tell_it() {
        for recipe in [Recipe::Iisnode, Recipe::Httpplatform] {
            let value = |prefix| recipe.render(&Prefix::parse(prefix).unwrap(), "dante.exe").unwrap();
            assert!(value("/demo").contains(r#"value="/demo""#));
            assert!(value("/").contains(r#"value="/""#));
        }
    }
}
