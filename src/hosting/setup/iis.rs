//! What applicationHost.config says: sites, applications, pools, modules, and which sections a web.config may set.
//! IIS ignores case in names.

use roxmltree::{Document, Node};

use super::{IisFacts, Module};
use crate::hosting::environment::Environment;

/// Sections of system.webServer that the module's recipe sets. IIS locks handlers and webSocket by default; the
/// server's owner may have locked the others.
pub(super) fn sections(module: Module) -> &'static [&'static str] {
    match module {
        Module::Iisnode => &["handlers", "webSocket", "urlCompression", "httpErrors"],
        Module::HttpPlatformHandler | Module::AspNetCore => &["handlers", "urlCompression"],
    }
}

/// What applicationHost.config says about one application.
pub(super) struct Configuration {
    /// The application's folder, if there is such an application.
    pub(super) folder: Option<String>,
    /// The pool of the application.
    pub(super) application_pool: Option<String>,
    /// Whether a pool with our name exists.
    pub(super) has_pool: bool,
    /// Whether its settings are as they should be.
    pub(super) pool_is_set: bool,
    /// Other applications in that pool.
    pub(super) lodgers: Vec<String>,
    /// Every site.
    pub(super) sites: Vec<String>,
    modules: Vec<String>,
    /// Sections that the application's web.config may set.
    open: Vec<String>,
    url: String,
}

impl Configuration {
    /// Reads what matters to the application.
    pub(super) fn read(facts: &IisFacts, env: &Environment) -> Result<Self, String> {
        let document = Document::parse(facts.configuration.trim_start_matches('\u{feff}')).map_err(|error| {
            format!(
                "IIS: applicationHost.config cannot be read ({error}); run setup.ps1 with -Verbose, and check whether \
                 IIS Manager can read it"
            )
        })?;
        let root = document.root_element();
        let host = all(root, &["system.applicationHost"]);
        let sites = all(root, &["system.applicationHost", "sites", "site"]);
        let site = named(&sites, "name", &facts.site);
        let applications = site.map(|site| all(site, &["application"])).unwrap_or_default();
        let application = named(&applications, "path", &format!("/{}", facts.name));
        let folders =
            application.map(|application| all(application, &["virtualDirectory"])).unwrap_or_default();
        let folder = named(&folders, "path", "/").and_then(|folder| folder.attribute("physicalPath"));
        let pools = all(root, &["system.applicationHost", "applicationPools", "add"]);
        let pool = named(&pools, "name", &facts.name);
        let defaults =
            host.iter().flat_map(|host| all(*host, &["applicationPools", "applicationPoolDefaults"]));
        let defaults: Vec<_> = pool.into_iter().chain(defaults).collect();
        Ok(Self {
            folder: folder.map(|path| expand(path, env).trim_end_matches('\\').to_owned()),
            application_pool: application
                .and_then(|found| found.attribute("applicationPool"))
                .map(Into::into),
            has_pool: pool.is_some(),
            pool_is_set: pool.is_some()
                && super::POOL.iter().all(|(key, value)| setting(&defaults, key) == Some(value)),
            lodgers: lodgers(&sites, facts),
            modules: values(&all(root, &["system.webServer", "globalModules", "add"]), "name"),
            open: sections(facts.module)
                .iter()
                .filter(|section| is_open(root, section, facts))
                .map(|section| (*section).to_owned())
                .collect(),
            url: url(site, &facts.name),
            sites: values(&sites, "name"),
        })
    }

    /// Whether a module is installed.
    pub(super) fn has_module(&self, name: &str) -> bool {
        self.modules.iter().any(|module| same(module, name))
    }

    /// Whether the application's web.config may set a section.
    pub(super) fn is_open(&self, section: &str) -> bool {
        self.open.iter().any(|open| open == section)
    }

    /// Where the application is reached from this machine.
    pub(super) fn url(&self) -> String {
        self.url.clone()
    }
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// All elements at the end of this path of names.
fn all<'a, 'input>(from: Node<'a, 'input>, way: &[&str]) -> Vec<Node<'a, 'input>> {
    let Some((first, rest)) = way.split_first() else { return vec![from] };
    let below = from.children().filter(|child| child.has_tag_name(*first));
    below.flat_map(|child| all(child, rest)).collect()
}

fn named<'a, 'input>(nodes: &[Node<'a, 'input>], attribute: &str, value: &str) -> Option<Node<'a, 'input>> {
    nodes.iter().find(|node| node.attribute(attribute).is_some_and(|found| same(found, value))).copied()
}

fn values(nodes: &[Node<'_, '_>], attribute: &str) -> Vec<String> {
    nodes.iter().filter_map(|node| node.attribute(attribute)).map(Into::into).collect()
}

/// A setting from the first of these elements that has it: the pool's own, then the defaults of all pools.
fn setting<'a>(nodes: &[Node<'a, '_>], key: &str) -> Option<&'a str> {
    let (way, attribute) = key.rsplit_once('.').unwrap_or(("", key));
    let way: Vec<_> = way.split('.').filter(|name| !name.is_empty()).collect();
    nodes.iter().find_map(|node| all(*node, &way).first()?.attribute(attribute))
}

fn lodgers(sites: &[Node<'_, '_>], facts: &IisFacts) -> Vec<String> {
    let mut lodgers = Vec::new();
    for site in sites {
        for application in all(*site, &["application"]) {
            let name =
                |node: &Node<'_, '_>, attribute| node.attribute(attribute).unwrap_or_default().to_owned();
            let full = name(site, "name") + &name(&application, "path");
            if same(&name(&application, "applicationPool"), &facts.name) && !same(&full, &facts.application())
            {
                lodgers.push(full);
            }
        }
    }
    lodgers
}

/// Whether a web.config may set a section: its overrideModeDefault (Allow when missing), overridden by
/// `<location overrideMode>` for the server, the site and the application, in this order.
fn is_open(root: Node<'_, '_>, section: &str, facts: &IisFacts) -> bool {
    let groups = all(root, &["configSections", "sectionGroup"]);
    let declared = named(&groups, "name", "system.webServer")
        .and_then(|group| named(&all(group, &["section"]), "name", section));
    let mut open = declared.is_some_and(|section| section.attribute("overrideModeDefault") != Some("Deny"));
    for place in ["", &facts.site, &facts.application()] {
        for location in all(root, &["location"]) {
            let path = location.attribute("path").unwrap_or_default();
            if same(path, place) && !all(location, &["system.webServer", section]).is_empty() {
                match location.attribute("overrideMode") {
                    Some("Allow") => open = true,
                    Some("Deny") => open = false,
                    _ => {}
                }
            }
        }
    }
    open
}

/// Replaces `%NAME%` with the variable's value, as IIS does; an unknown name stays.
fn expand(path: &str, env: &Environment) -> String {
    let (mut text, mut rest) = (String::new(), path);
    while let Some((before, after)) = rest.split_once('%') {
        let variable = after.split_once('%').and_then(|(name, after)| Some((env.get(name)?, after)));
        let (value, after) = variable.unwrap_or_else(|| ("%".to_owned(), after));
        text = text + before + &value;
        rest = after;
    }
    text + rest
}

fn url(site: Option<Node<'_, '_>>, name: &str) -> String {
    let bindings = site.map(|site| all(site, &["bindings", "binding"])).unwrap_or_default();
    let found = bindings.iter().find_map(|binding| {
        let protocol = binding.attribute("protocol")?;
        let default = match protocol {
            "http" => "80",
            "https" => "443",
            _ => return None,
        };
        // address:port:host, where an IPv6 address has colons too, in brackets.
        let (rest, host) = binding.attribute("bindingInformation")?.rsplit_once(':')?;
        let (address, port) = rest.rsplit_once(':')?;
        let server = match (host, address) {
            ("", "*" | "") => "localhost",
            ("", address) => address,
            (host, _) => host,
        };
        let port = if port == default { String::new() } else { format!(":{port}") };
        Some(format!("{protocol}://{server}{port}/{name}/"))
    });
    found.unwrap_or_else(|| format!("http://localhost/{name}/"))
}
