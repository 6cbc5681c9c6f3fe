use super::*;
use serde_json::{Value, json};

/// applicationHost.config of a server with everything installed and nothing of Dante's.
const FRESH: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<configuration>
  <configSections>
    <sectionGroup name="system.webServer">
      <section name="handlers" overrideModeDefault="Deny" />
      <section name="webSocket" overrideModeDefault="Deny" />
      <section name="urlCompression" overrideModeDefault="Allow" />
      <section name="httpErrors" />
    </sectionGroup>
  </configSections>
  <system.applicationHost>
    <applicationPools>
      <add name="DefaultAppPool" />
      <applicationPoolDefaults managedRuntimeVersion="v4.0" />
    </applicationPools>
    <sites>
      <site name="Default Web Site" id="1">
        <application path="/"><virtualDirectory path="/" physicalPath="%SystemDrive%\inetpub\wwwroot" /></application>
        <bindings><binding protocol="net.tcp" bindingInformation="808:*" /><binding protocol="http" bindingInformation="*:80:" /></bindings>
      </site>
    </sites>
  </system.applicationHost>
  <system.webServer>
    <globalModules>
      <add name="iisnode" /><add name="RewriteModule" /><add name="WebSocketModule" />
      <add name="httpPlatformHandler" /><add name="AspNetCoreModuleV2" />
    </globalModules>
  </system.webServer>
</configuration>"#;

const PATH: &str = r"C:\inetpub\dante";
const HASH_A: &str = "ABCDEF012345AAAAAAAAAAAAAAAAAAAA";

fn facts(configuration: &str, change: impl FnOnce(&mut Value)) -> IisFacts {
    let mut facts = json!({
        "module": "iisnode", "name": "dante", "site": "Default Web Site", "path": PATH, "remove": false,
        "source": { "path": r"C:\Downloads\dante.exe", "hash": HASH_A }, "iisVersion": 10,
        "configuration": configuration, "exists": false, "items": [], "reads": false, "writesLogs": false,
    });
    change(&mut facts);
    IisFacts::parse(&format!("\u{feff}{facts}")).unwrap()
}

fn decide(facts: &IisFacts) -> SetupPlan {
    plan(facts, &[("SystemDrive", "C:")].into_iter().collect())
}

/// applicationHost.config after the first plan's appcmd lines.
fn installed() -> String {
    FRESH
        .replace(
            r#"<add name="DefaultAppPool" />"#,
            r#"<add name="DefaultAppPool" /><add name="Dante" managedRuntimeVersion=""><processModel idleTimeout="00:00:00" />
               <recycling><periodicRestart time="00:00:00" /></recycling></add>"#,
        )
        .replace(
            "<bindings>",
            r#"<application path="/dante" applicationPool="dante"><virtualDirectory path="/" physicalPath="%systemdrive%\inetpub\dante\" />
               </application><bindings>"#,
        )
        .replace("%systemdrive%", "C:")
        .replace(
            "<system.webServer>",
            r#"<location path="Default Web Site/dante" overrideMode="Allow"><system.webServer><handlers /><webSocket /></system.webServer></location>
               <system.webServer>"#,
        )
}

fn file(name: &str, text: Option<&str>) -> Value {
    json!({ "name": name, "folder": false, "text": text })
}

/// What the site folder holds after the first plan.
fn items(plan: &SetupPlan) -> Vec<Value> {
    let mut items = vec![json!({ "name": "logs", "folder": true, "text": null })];
    for step in &plan.steps {
        match &step.change {
            Change::Write { path, text } => items.push(file(&path[PATH.len() + 1..], Some(text))),
            Change::Copy { to, .. } => items.push(file(&to[PATH.len() + 1..], None)),
            _ => {}
        }
    }
    items
}

fn left(plan: &SetupPlan) -> Vec<String> {
    plan.steps.iter().filter(|step| !step.done).map(|step| format!("{} {}", step.action, step.what)).collect()
}

#[test]
fn the_first_run_does_everything_in_order() {
    let plan = decide(&facts(FRESH, |_| {}));
    assert_eq!(plan.problems, [""; 0]);
    assert_eq!(plan.url, "http://localhost/dante/");
    assert_eq!(
        left(&plan),
        [
            r"make folder C:\inetpub\dante",
            r"make folder C:\inetpub\dante\logs",
            r"copy C:\inetpub\dante\dante-abcdef012345.exe",
            r"write C:\inetpub\dante\server-socketio.js",
            "add application pool 'dante'",
            "set settings of the pool: /managedRuntimeVersion: /processModel.idleTimeout:00:00:00 /recycling.periodicRestart.time:00:00:00",
            r"add application 'Default Web Site/dante' in C:\inetpub\dante",
            "unlock section system.webServer/handlers for 'Default Web Site/dante'",
            "unlock section system.webServer/webSocket for 'Default Web Site/dante'",
            r"grant IIS AppPool\dante may read and run what is in C:\inetpub\dante",
            r"grant IIS AppPool\dante may write logs in C:\inetpub\dante\logs",
            r"write C:\inetpub\dante\web.config",
        ]
    );
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(
        json["steps"][7],
        json!({
            "action": "unlock", "what": "section system.webServer/handlers for 'Default Web Site/dante'", "done": false,
            "kind": "appcmd", "arguments": [
                "unlock", "config", "Default Web Site/dante", "-section:system.webServer/handlers", "-commitpath:apphost",
            ],
        })
    );
    let config = json["steps"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap();
    assert!(config.contains(r"C:\inetpub\dante\dante-abcdef012345.exe") && config.contains(MARK), "{config}");
}

#[test]
fn modules_differ() {
    for (module, exe) in [("HttpPlatformHandler", r".\dante-abc"), ("AspNetCore", r".\dante-abc")] {
        let plan = decide(&facts(FRESH, |facts| facts["module"] = json!(module)));
        let steps = left(&plan).join("\n");
        assert!(!steps.contains("server-socketio.js") && !steps.contains("webSocket"), "{steps}");
        let Some(Step { change: Change::Write { text, .. }, .. }) = plan.steps.last() else { panic!() };
        assert!(text.contains(exe), "{text}");
    }
}

#[test]
fn the_second_run_does_nothing_and_a_newer_program_is_exchanged_alone() {
    let first = decide(&facts(FRESH, |_| {}));
    let again = |facts: &mut Value| {
        facts["items"] = json!(items(&first));
        for name in ["exists", "reads", "writesLogs"] {
            facts[name] = json!(true);
        }
    };
    assert_eq!(left(&decide(&facts(&installed(), again))), [""; 0]);
    let newer = decide(&facts(&installed(), |facts| {
        again(facts);
        facts["source"]["hash"] = json!("0123456789abffff");
    }));
    assert_eq!(
        left(&newer),
        [
            r"copy C:\inetpub\dante\dante-0123456789ab.exe",
            r"write C:\inetpub\dante\web.config",
            r"remove C:\inetpub\dante\dante-abcdef012345.exe",
        ]
    );
}

#[test]
fn problems_are_told_with_value_reason_and_remedy() {
    let replaced = |from: &str, to: &str| FRESH.replace(from, to);
    let lodger = replaced(r#"<application path="/">"#, r#"<application path="/" applicationPool="Dante">"#);
    let elsewhere = installed().replace(r"C:\inetpub\dante\", r"D:\x");
    type Changed<'a> = (&'a str, &'a dyn Fn(&mut Value), &'a [&'a str]);
    let rows: &[Changed<'_>] = &[
        (FRESH, &|facts| facts["name"] = json!("my app"), &["-Name 'my app'", "64 letters"]),
        (FRESH, &|facts| facts["name"] = json!("dante."), &["-Name 'dante.'"]),
        (
            FRESH,
            &|facts| facts["iisVersion"] = json!(7),
            &["IIS 7: does not support WebSocket", "Windows Server 2012"],
        ),
        (
            &replaced("iisnode", "other"),
            &|_| {},
            &["module iisnode: not installed", "Azure/iisnode/releases"],
        ),
        (&replaced("RewriteModule", "x"), &|_| {}, &["module RewriteModule", "url-rewrite"]),
        (
            &replaced("WebSocketModule", "x"),
            &|facts| facts["module"] = json!("AspNetCore"),
            &["module WebSocketModule", "IIS-WebSockets"],
        ),
        (FRESH, &|facts| facts["site"] = json!("Other"), &["-Site 'Other'", "'Default Web Site'"]),
        (&lodger, &|_| {}, &["pool 'dante'", "'Default Web Site/'", "another -Name"]),
        (&elsewhere, &|_| {}, &[r"D:\x", "-Path"]),
        (FRESH, &|facts| facts["items"] = json!([file("shop.mdb", None)]), &["shop.mdb", "empty folder"]),
        (FRESH, &|facts| facts["items"] = json!([file("web.config", Some("<x/>"))]), &["web.config"]),
        ("<configuration>", &|_| {}, &["applicationHost.config cannot be read"]),
    ];
    for (configuration, change, words) in rows {
        let problems = decide(&facts(configuration, change)).problems;
        assert_eq!(problems.len(), 1, "{words:?}: {problems:?}");
        assert!(words.iter().all(|word| problems[0].contains(word)), "{words:?}: {problems:?}");
    }
    let unknown = decide(&facts(FRESH, |facts| facts["source"]["hash"] = json!("?"))).problems;
    assert!(unknown[0].contains("SHA-256"), "{unknown:?}");
    let own = decide(&facts(FRESH, |facts| facts["items"] = json!([file("iisnode.yml", None)]))).problems;
    assert_eq!(own, [""; 0]);
}

#[test]
fn a_section_is_open_or_not() {
    let with =
        |location: &str| FRESH.replace("<system.webServer>\n", &format!("{location}<system.webServer>\n"));
    let rule = |path: &str, mode: &str| {
        format!(
            r#"<location path="{path}" overrideMode="{mode}"><system.webServer><handlers /></system.webServer></location>"#
        )
    };
    for (locations, open) in [
        (String::new(), false),
        (rule("", "Allow"), true),
        (rule("default web site", "Allow"), true),
        (rule("Other", "Allow"), false),
        (rule("", "Allow") + &rule("Default Web Site/dante", "Deny"), false),
        (rule("Default Web Site/dante", "Allow") + &rule("", "Deny"), true),
        (rule("", "Inherit"), false),
    ] {
        let steps = left(&decide(&facts(&with(&locations), |_| {}))).join("\n");
        assert_eq!(!steps.contains("webServer/handlers"), open, "{locations}");
    }
}

#[test]
fn where_it_is_reached() {
    for (binding, url) in [
        (r#"protocol="http" bindingInformation="*:8080:""#, "http://localhost:8080/dante/"),
        (r#"protocol="https" bindingInformation="*:443:example.org""#, "https://example.org/dante/"),
        (r#"protocol="http" bindingInformation="10.0.0.1:80:""#, "http://10.0.0.1/dante/"),
        (r#"protocol="http" bindingInformation="[::1]:81:""#, "http://[::1]:81/dante/"),
        (r#"protocol="msmq" bindingInformation="localhost""#, "http://localhost/dante/"),
    ] {
        let configuration = FRESH.replace(r#"protocol="http" bindingInformation="*:80:""#, binding);
        assert_eq!(decide(&facts(&configuration, |_| {})).url, url);
    }
}

#[test]
fn removal_takes_ours_and_leaves_the_rest() {
    let first = decide(&facts(FRESH, |_| {}));
    let removal = |configuration: &str, more: &[Value]| {
        let plan = decide(&facts(configuration, |facts| {
            facts["remove"] = json!(true);
            facts["exists"] = json!(true);
            facts["items"] = json!([more, &items(&first)].concat());
        }));
        assert_eq!(plan.problems, [""; 0]);
        left(&plan)
    };
    let ours = [
        "delete application 'Default Web Site/dante'",
        "delete application pool 'dante'",
        r"remove C:\inetpub\dante\logs\VERGIL-1-stderr-2.txt",
        r"remove C:\inetpub\dante\logs",
        r"remove C:\inetpub\dante\server-socketio.js",
        r"remove C:\inetpub\dante\dante-abcdef012345.exe",
        r"remove C:\inetpub\dante\web.config",
        r"remove C:\inetpub\dante",
    ];
    let log = file(r"logs\VERGIL-1-stderr-2.txt", None);
    assert_eq!(removal(&installed(), std::slice::from_ref(&log)), ours);

    let notes = removal(&installed(), &[log.clone(), file("notes.txt", None)]);
    assert_eq!(notes.last().unwrap(), r"leave C:\inetpub\dante: it contains 'notes.txt'");
    let dump = removal(&installed(), &[file(r"logs\core.dmp", None)]);
    assert!(!dump.contains(&r"remove C:\inetpub\dante\logs".to_owned()), "{dump:?}");
    assert!(dump.last().unwrap().starts_with("leave "), "{dump:?}");
    let changed = removal(&installed().replace("idleTimeout=\"00:00:00\"", "idleTimeout=\"00:20:00\""), &[]);
    assert!(changed[1].starts_with("leave application pool 'dante'"), "{changed:?}");
}

#[test]
fn removal_from_a_folder_that_is_not_ours_touches_nothing() {
    let plan = decide(&facts(FRESH, |facts| {
        facts["remove"] = json!(true);
        facts["exists"] = json!(true);
        facts["items"] =
            json!([file("web.config", Some("<x/>")), file("server-socketio.js", Some(SCRIPT_TEXT))]);
    }));
    assert_eq!(left(&plan), [r"leave C:\inetpub\dante: it contains 'web.config'"]);
    let nothing = decide(&facts(FRESH, |facts| facts["remove"] = json!(true)));
    assert_eq!(left(&nothing), [""; 0]);
}
