//! Golden tests: each file in `golden/` holds evidence, and what is to be said of it.

use serde_json::{Value, json};

use super::*;

fn brief(verdicts: &[Verdict]) -> Value {
    let brief = verdicts.iter().map(|verdict| {
        json!({
            "id": verdict.id,
            "hop": verdict.hop,
            "severity": verdict.severity,
            "host": verdict.host,
            "evidence": verdict.evidence,
            "or": verdict.or,
        })
    });
    brief.collect()
}

/// A line for each hop's evidence, and for each verdict.
fn written(file: &Value) -> String {
    let lines = |part: &Value| match part {
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
            fields.join(",\n")
        }
        other => other.to_string(),
    };
    let verdicts: Vec<_> =
        file["said"]["verdicts"].as_array().unwrap().iter().map(|verdict| format!("  {verdict}")).collect();
    format!(
        "{{\n\"evidence\": {{\n{}\n}},\n\"said\": {{\"outcome\": {}, \"verdicts\": [\n{}\n]}}\n}}\n",
        lines(&file["evidence"]),
        file["said"]["outcome"],
        verdicts.join(",\n")
    )
}

#[test]
fn golden() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/probe/golden");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let evidence: Evidence = serde_json::from_value(file["evidence"].clone())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdicts = conclude(&evidence);
        let said = json!({ "outcome": whole(&evidence, &verdicts), "verdicts": brief(&verdicts) });
        if std::env::var_os("DANTE_WRITE_DOCS").is_some() {
            file["said"] = said;
            std::fs::write(&path, written(&file)).unwrap();
        } else {
            assert_eq!(file["said"], said, "{name}");
        }
        count += 1;
    }
    assert!(count > 20, "{count} golden files");
}

#[test]
fn lumps_are_told_from_jitter() {
    use crate::probe::evidence::{Arrival, Stream};
    let stream = |times: &[u64]| Stream {
        arrivals: times.iter().map(|at_ms| Arrival { at_ms: *at_ms, index: None, bytes: 10 }).collect(),
        ..Stream::default()
    };
    let lumps = |times: &[u64], interval| lumps(&stream(times), interval).len();
    assert_eq!(lumps(&[5, 2005, 4003, 6010], 2000), 0, "even");
    assert_eq!(lumps(&[5, 4005, 4006, 6010], 2000), 0, "one lost packet");
    assert_eq!(lumps(&[6000, 6000, 6001, 6001], 2000), 1, "all at once");
    assert_eq!(lumps(&[4005, 4005, 8005, 8006], 2000), 2, "again and again");
    let fast: Vec<u64> = (0..100).map(|k| k * 20 + (k % 3) * 9).collect();
    assert_eq!(lumps(&fast, 20), 0, "a fast pace on a busy machine");
    let held: Vec<u64> = (0..100).map(|k| 500 + k / 25 * 500).collect();
    assert_eq!(lumps(&held, 20), 4, "a buffer that fills in half a second");
}
