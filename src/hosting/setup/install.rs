//! The steps that install or update Dante. Each knows whether it is done already, so a second run changes nothing.
//! A newer program is put in place while the old one goes on serving its readers.

use super::{
    Change, HASH, IisFacts, Module, POOL, SCRIPT, SCRIPT_TEXT, Step,
    iis::{self, Configuration},
};
use crate::{
    bad_value::BadValue,
    hosting::recipes::{Site, Wanted},
};

pub(super) fn steps(facts: &IisFacts, iis: &Configuration) -> Result<Vec<Step>, BadValue> {
    let IisFacts { name, path, .. } = facts;
    let (program, config) = (program(facts)?, facts.below("web.config"));
    let text = web_config(facts, &program)?;
    let logs = facts.below("logs");
    let mut steps = Vec::new();
    let mut step = |action, what: String, done, change| steps.push(Step { action, what, done, change });

    for (folder, done) in [(path, facts.exists), (&logs, facts.has("logs"))] {
        step("make", format!("folder {folder}"), done, Change::Folder { path: folder.clone() });
    }
    let installed = facts.below(&program);
    let copy = Change::Copy { from: facts.source.path.clone(), to: installed.clone() };
    step("copy", installed, facts.has(&program), copy);
    if let Module::Iisnode = facts.module {
        let script = facts.below(SCRIPT);
        let write = Change::Write { path: script.clone(), text: SCRIPT_TEXT.to_owned() };
        step("write", script, facts.text(SCRIPT) == Some(SCRIPT_TEXT), write);
    }

    let appcmd = |arguments: Vec<String>| Change::Appcmd { arguments };
    let pool = format!("application pool '{name}'");
    step("add", pool, iis.has_pool, appcmd(words(["add", "apppool"], [format!("/name:{name}")])));
    let settings = POOL.map(|(key, value)| format!("/{key}:{value}"));
    let what = format!("settings of the pool: {}", settings.join(" "));
    let set = words(["set", "apppool"], [format!("/apppool.name:{name}")].into_iter().chain(settings));
    step("set", what, iis.pool_is_set, appcmd(set));

    let application = facts.application();
    let options =
        [format!("/site.name:{}", facts.site), format!("/path:/{name}"), format!("/physicalPath:{path}")];
    let add = words(["add", "app"], options.into_iter().chain([format!("/applicationPool:{name}")]));
    step("add", format!("application '{application}' in {path}"), iis.folder.is_some(), appcmd(add));
    if iis.folder.is_some() {
        let done = iis.application_pool.as_ref().is_some_and(|pool| pool.eq_ignore_ascii_case(name));
        let set =
            words(["set", "app"], [format!("/app.name:{application}"), format!("/applicationPool:{name}")]);
        step("set", format!("application '{application}' in pool '{name}'"), done, appcmd(set));
    }
    // A locked section in a web.config causes error 500.19 (0x80070021). Unlocked only for this application, not for
    // the server.
    for section in iis::sections(facts.module) {
        let options = [
            application.clone(),
            format!("-section:system.webServer/{section}"),
            "-commitpath:apphost".to_owned(),
        ];
        let what = format!("section system.webServer/{section} for '{application}'");
        step("unlock", what, iis.is_open(section), appcmd(words(["unlock", "config"], options)));
    }
    let may = |what| format!(r"IIS AppPool\{name} may {what}");
    let grant = |path: &str, rights| Change::Grant { path: path.to_owned(), rights };
    step("grant", may(format!("read and run what is in {path}")), facts.reads, grant(path, "RX"));
    step("grant", may(format!("write logs in {logs}")), facts.writes_logs, grant(&logs, "M"));

    // Last, since this switches over: with a new web.config the modules start the program that it names.
    let same = facts.text("web.config") == Some(text.as_str());
    step("write", config.clone(), same, Change::Write { path: config, text });
    for old in facts.top().filter(|item| item.is_program() && !item.name.eq_ignore_ascii_case(&program)) {
        let path = facts.below(&old.name);
        step("remove", path.clone(), false, Change::Remove { path, patience: 0, last: false });
    }
    Ok(steps)
}

/// The name under which a program is installed. A running program is locked, so each version has its own name.
fn program(facts: &IisFacts) -> Result<String, BadValue> {
    match facts.source.hash.get(..HASH) {
        Some(start) if start.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(format!("dante-{}.exe", start.to_ascii_lowercase()))
        }
        _ => Err(BadValue::new(
            "the hash of dante.exe",
            &facts.source.hash,
            "not a SHA-256 hash; use the setup.ps1 of the same version as dante.exe",
        )),
    }
}

fn web_config(facts: &IisFacts, program: &str) -> Result<String, BadValue> {
    let recipe = facts.module.recipe();
    let exe = match facts.module {
        // iisnode does not look in the site's folder (iisnode cnodeprocess.cpp:175-185).
        Module::Iisnode => facts.below(program),
        Module::HttpPlatformHandler | Module::AspNetCore => format!(r".\{program}"),
    };
    let prefix = format!("/{}", facts.name);
    let site = Site::read(recipe, &Wanted { prefix: Some(&prefix), exe: Some(&exe), ..Wanted::default() })?;
    recipe.render(&site).map_err(|error| BadValue::new("web.config", "", error))
}

fn words(verb: [&str; 2], options: impl IntoIterator<Item = String>) -> Vec<String> {
    verb.into_iter().map(str::to_owned).chain(options).collect()
}
