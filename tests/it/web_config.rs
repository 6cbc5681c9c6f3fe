//! Every web.config that Dante prints, against what IIS and its modules know.

use dante::hosting::recipes::{Recipe, Site, Wanted};
use roxmltree::{Document, Node};

/// The names and values that a web.config may have; the file tells its own form.
struct Schema {
    /// Each line: how deep, the element's name, its attributes.
    lines: Vec<(usize, &'static str, Vec<Attribute>)>,
}

struct Attribute {
    name: &'static str,
    required: bool,
    kind: &'static str,
}

impl Schema {
    fn new() -> Self {
        let text = include_str!("../schema/web.config.txt");
        let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let mut words = line.split_whitespace();
            let attribute = |word: &'static str| {
                let (name, kind) = word.split_once(':').unwrap_or((word, ""));
                Attribute { name: name.trim_end_matches('!'), required: name.ends_with('!'), kind }
            };
            let depth = (line.len() - line.trim_start().len()) / 2;
            (depth, words.next().expect("an element"), words.map(attribute).collect())
        });
        Self { lines: lines.collect() }
    }

    /// What is wrong with a document, one line each.
    fn faults(&self, text: &str) -> Vec<String> {
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(error) => return vec![error.to_string()],
        };
        let mut faults = Vec::new();
        let root = document.root_element();
        match root.tag_name().name() {
            "configuration" => self.element(0, root, &mut faults),
            other => faults.push(format!("the root is <{other}>")),
        }
        faults
    }

    /// Checks an element that stands at this line of the schema, and what is in it.
    fn element(&self, line: usize, node: Node<'_, '_>, faults: &mut Vec<String>) {
        let (depth, element, known) = &self.lines[line];
        for found in node.attributes() {
            match known.iter().find(|attribute| attribute.name == found.name()) {
                None => faults.push(format!("<{element}> has no attribute {}", found.name())),
                Some(attribute) if !is_a(found.value(), attribute.kind) => faults.push(format!(
                    "<{element} {}={:?}>: it should be {}",
                    found.name(),
                    found.value(),
                    attribute.kind
                )),
                Some(_) => {}
            }
        }
        let missing =
            known.iter().filter(|attribute| attribute.required && !node.has_attribute(attribute.name));
        faults.extend(missing.map(|attribute| format!("<{element}> lacks {}", attribute.name)));
        if node.children().any(|child| child.is_text() && !child.text().unwrap_or_default().trim().is_empty())
        {
            faults.push(format!("<{element}> has text in it"));
        }
        for child in node.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            let inside = |(below, _, _): &&(usize, &str, Vec<Attribute>)| below > depth;
            let mut lines = self.lines[line + 1..].iter().take_while(inside);
            match lines.position(|(below, known, _)| *below == depth + 1 && *known == name) {
                Some(at) => self.element(line + 1 + at, child, faults),
                None => faults.push(format!("<{element}> has no element <{name}>")),
            }
        }
    }
}

fn is_a(value: &str, kind: &str) -> bool {
    let number = || value.parse::<u32>().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
    match kind {
        "" => true,
        "bool" => matches!(value, "true" | "false"),
        "uint" => number().is_some(),
        "timeSpan" => is_time(value),
        "minutes" => is_time(value) && value.ends_with(":00"),
        range if range.contains("..") => {
            let (least, most) = range.split_once("..").unwrap();
            number().is_some_and(|number| (least.parse().unwrap()..=most.parse().unwrap()).contains(&number))
        }
        words => words.split('|').any(|word| word == value),
    }
}

/// `hh:mm:ss`; days before hours are something that no recipe needs.
fn is_time(value: &str) -> bool {
    let parts: Vec<_> = value.split(':').collect();
    let below = |part: &str, limit| part.len() == 2 && part.parse::<u8>().is_ok_and(|part| part < limit);
    parts.len() == 3 && below(parts[0], 24) && below(parts[1], 60) && below(parts[2], 60)
}

fn text(recipe: Recipe, wanted: &Wanted<'_>) -> String {
    recipe.render(&Site::read(recipe, wanted).unwrap()).unwrap()
}

#[test]
fn every_web_config_is_one_that_iis_knows() {
    let schema = Schema::new();
    for prefix in ["/", "/dante", "/a.b/c", "/r&d 'n' <so>", "/cammin\u{e8}"] {
        let prefix = Some(prefix);
        for recipe in [Recipe::Iisnode, Recipe::Httpplatform, Recipe::Aspnetcore] {
            for exe in [r".\dante.exe", r"C:\Program Files (x86)\R&D 'n' so\dante.exe", r"C:\città\d.exe"] {
                let text = text(recipe, &Wanted { prefix, exe: Some(exe), ..Wanted::default() });
                assert_eq!(schema.faults(&text), [""; 0], "{recipe} {prefix:?} {exe}: {text}");
            }
        }
    }
    let upstream = ["dante-1.internal:8888".to_owned()];
    for prefix in ["/", "/dante", "/a.b/c"] {
        for strip in [false, true] {
            let prefix = Some(prefix);
            let text =
                text(Recipe::Arr, &Wanted { prefix, strip, upstreams: &upstream, ..Wanted::default() });
            assert_eq!(schema.faults(&text), [""; 0], "arr {prefix:?} {strip}: {text}");
        }
    }
}

#[test]
fn values_arrive_as_they_were_given() {
    let (exe, prefix) = (r"C:\R&D 'n' so\dante.exe", "/r&d");
    for (recipe, element, attribute, value) in [
        (Recipe::Iisnode, "iisnode", "nodeProcessCommandLine", format!("\"{exe}\"")),
        (Recipe::Httpplatform, "httpPlatform", "processPath", exe.to_owned()),
        (Recipe::Aspnetcore, "aspNetCore", "processPath", exe.to_owned()),
        (Recipe::Httpplatform, "environmentVariable", "value", prefix.to_owned()),
        (Recipe::Iisnode, "add", "value", prefix.to_owned()),
    ] {
        let text = text(recipe, &Wanted { prefix: Some(prefix), exe: Some(exe), ..Wanted::default() });
        let document = Document::parse(&text).unwrap();
        let found = document.descendants().find(|node| node.has_tag_name(element)).unwrap();
        assert_eq!(found.attribute(attribute), Some(value.as_str()), "{recipe}");
    }
}

/// One rule of a reverse proxy: the pattern of its URLs and where it leads.
#[test]
fn arr_keeps_or_strips_the_prefix() {
    for (prefix, strip, url, slash) in [
        ("/dante", false, "http://127.0.0.1:8888/dante/{R:1}", Some(r"^/dante(\?.*)?$")),
        ("/a.b/c", true, "http://127.0.0.1:8888/{R:1}", Some(r"^/a\.b/c(\?.*)?$")),
        ("/", false, "http://127.0.0.1:8888/{R:1}", None),
    ] {
        let text = text(Recipe::Arr, &Wanted { prefix: Some(prefix), strip, ..Wanted::default() });
        let document = Document::parse(&text).unwrap();
        let mut rules = document.descendants().filter(|node| node.has_tag_name("action"));
        assert_eq!(rules.next_back().unwrap().attribute("url"), Some(url));
        let pattern = document.descendants().find_map(|node| node.attribute("pattern"));
        assert_eq!(pattern, slash);
        // The command that the header shows has to be complete, too: it must not mention what is not there.
        assert_eq!(text.contains("DANTE_PREFIX"), prefix != "/" && !strip);
    }
}

#[test]
fn the_check_finds_what_iis_would_refuse() {
    let schema = Schema::new();
    let good = text(Recipe::Iisnode, &Wanted::default());
    for (from, to, fault) in [
        ("flushResponse=", "flushResponses=", "<iisnode> has no attribute flushResponses"),
        ("flushResponse=\"true\"", "flushResponse=\"yes\"", "it should be bool"),
        ("responseBufferLimit=\"0\"", "responseBufferLimit=\"-1\"", "it should be uint"),
        ("type=\"Rewrite\"", "type=\"Redirection\"", "it should be None|Rewrite"),
        ("<webSocket ", "<websocket ", "<system.webServer> has no element <websocket>"),
        ("<match url=\".*\" />", "<match />", "<match> lacks url"),
        ("<match url=\".*\" />", "<match url=\".*\">x</match>", "<match> has text in it"),
        ("<clear />", "<clear >", "expected 'clear' tag"),
        ("configuration>", "config>", "the root is <config>"),
    ] {
        assert!(good.contains(from), "{from}");
        let faults = schema.faults(&good.replace(from, to)).join("; ");
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
    let timed = text(Recipe::Aspnetcore, &Wanted::default());
    for (from, to) in [("00:10:00", "00:10"), ("00:10:00", "00:10:30"), ("Limit=\"20\"", "Limit=\"3601\"")] {
        assert_eq!(schema.faults(&timed.replace(from, to)).len(), 1, "{to}");
    }
}
