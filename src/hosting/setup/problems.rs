//! What stands in the way: each as one line of value, reason and remedy.

use super::{IisFacts, Module, iis::Configuration};

/// What has to be installed for a module, with the remedy.
fn needs(module: Module) -> [(&'static str, &'static str); 2] {
    const WEB_SOCKETS: (&str, &str) =
        ("WebSocketModule", "type: dism /online /enable-feature /featurename:IIS-WebSockets /all");
    match module {
        Module::Iisnode => [
            ("iisnode", "install iisnode from https://github.com/Azure/iisnode/releases"),
            ("RewriteModule", "install URL Rewrite from https://www.iis.net/downloads/microsoft/url-rewrite"),
        ],
        Module::HttpPlatformHandler => [
            (
                "httpPlatformHandler",
                "install it from https://www.iis.net/downloads/microsoft/httpplatformhandler",
            ),
            WEB_SOCKETS,
        ],
        Module::AspNetCore => [
            (
                "AspNetCoreModuleV2",
                "install the ASP.NET Core Hosting Bundle from https://dotnet.microsoft.com/download",
            ),
            WEB_SOCKETS,
        ],
    }
}

/// Everything that stands in the way.
pub(super) fn find(facts: &IisFacts, iis: &Configuration) -> Vec<String> {
    let IisFacts { name, path, .. } = facts;
    let mut problems = Vec::new();
    if !is_name(name) {
        problems.push(format!(
            "-Name '{name}': is no name for an application; give up to 64 letters, digits, - _ or . that begin with a \
             letter or digit and do not end in a dot"
        ));
    }
    if !facts.remove {
        to_install(facts, iis, &mut problems);
    }
    match &iis.folder {
        Some(folder) if folder.to_lowercase() != path.to_lowercase() => problems.push(format!(
            "application '{}': has the folder {folder} already; give -Path '{folder}' if it is Dante's, or another -Name",
            facts.application()
        )),
        _ => {}
    }
    problems
}

fn to_install(facts: &IisFacts, iis: &Configuration, problems: &mut Vec<String>) {
    let site = &facts.site;
    if let Some(version @ ..8) = facts.iis_version {
        problems.push(format!(
            "IIS {version}: knows no WebSocket; use Windows 8, Windows Server 2012 or later, which have IIS 8"
        ));
    }
    for (need, remedy) in needs(facts.module) {
        if !iis.has_module(need) {
            problems
                .push(format!("module {need} of IIS: is not installed, and Dante needs it here; {remedy}"));
        }
    }
    if !iis.sites.iter().any(|known| known.to_lowercase() == site.to_lowercase()) {
        let known: Vec<_> = iis.sites.iter().map(|site| format!("'{site}'")).collect();
        problems.push(format!("-Site '{site}': IIS has no such site; give one of: {}", known.join(", ")));
    }
    if !iis.lodgers.is_empty() {
        problems.push(format!(
            "application pool '{}': serves '{}', and Dante needs a pool of its own; give another -Name",
            facts.name,
            iis.lodgers.join("', '")
        ));
    }
    // iisnode.yml is where settings of the server's owner belong.
    let stranger = facts.top().find(|item| !item.is_ours() && !item.name.eq_ignore_ascii_case("iisnode.yml"));
    if let Some(stranger) = stranger {
        problems.push(format!(
            "-Path '{}': holds '{}', which is not Dante's; give an empty folder, or one that does not exist yet",
            facts.path, stranger.name
        ));
    }
}

/// A name that needs no quotes or escapes in URLs, in accounts' names (`IIS AppPool\…`) and for appcmd.
fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    name.len() <= 64
        && name.chars().all(plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.ends_with('.')
}
