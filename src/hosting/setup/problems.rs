//! What prevents the installation: each problem is one line of value, reason and remedy.

use super::{IisFacts, Module, iis::Configuration};

/// What has to be installed for a module, with the remedy.
fn needs(module: Module) -> [(&'static str, &'static str); 2] {
    const WEB_SOCKETS: (&str, &str) =
        ("WebSocketModule", "run: dism /online /enable-feature /featurename:IIS-WebSockets /all");
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

/// All problems.
pub(super) fn find(facts: &IisFacts, iis: &Configuration) -> Vec<String> {
    let IisFacts { name, path, .. } = facts;
    let mut problems = Vec::new();
    if !is_name(name) {
        problems.push(format!(
            "-Name '{name}': not a valid application name; use up to 64 letters, digits, - _ or ., starting with a \
             letter or digit and not ending with a dot"
        ));
    }
    if !facts.remove {
        to_install(facts, iis, &mut problems);
    }
    match &iis.folder {
        Some(folder) if folder.to_lowercase() != path.to_lowercase() => problems.push(format!(
            "application '{}': already has the folder {folder}; give -Path '{folder}' if it is Dante's, or another -Name",
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
            "IIS {version}: does not support WebSocket; use IIS 8, in Windows 8, Windows Server 2012 or later"
        ));
    }
    for (need, remedy) in needs(facts.module) {
        if !iis.has_module(need) {
            problems.push(format!("IIS module {need}: not installed, and Dante needs it here; {remedy}"));
        }
    }
    if !iis.sites.iter().any(|known| known.to_lowercase() == site.to_lowercase()) {
        let known: Vec<_> = iis.sites.iter().map(|site| format!("'{site}'")).collect();
        problems.push(format!("-Site '{site}': IIS has no such site; use one of: {}", known.join(", ")));
    }
    if !iis.lodgers.is_empty() {
        problems.push(format!(
            "application pool '{}': already used by '{}', and Dante needs its own pool; give another -Name",
            facts.name,
            iis.lodgers.join("', '")
        ));
    }
    // The server's owner may put settings into iisnode.yml.
    let stranger = facts.top().find(|item| !item.is_ours() && !item.name.eq_ignore_ascii_case("iisnode.yml"));
    if let Some(stranger) = stranger {
        problems.push(format!(
            "-Path '{}': contains '{}', which is not Dante's; give an empty folder, or one that does not exist yet",
            facts.path, stranger.name
        ));
    }
}

/// Whether a name needs no quotes or escapes in URLs, in account names (`IIS AppPool\…`) and for appcmd.
fn is_name(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    name.len() <= 64
        && name.chars().all(plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.ends_with('.')
}
