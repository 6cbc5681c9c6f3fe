//! Golden tests: each file in `golden/` holds evidence, and the verdicts it has to give. `EXPECTORATE=overwrite cargo test --lib
//! probe` writes the verdicts again (and `docs/verdicts.md`); `git diff` then shows what has changed.

use serde_json::{Value, json};
use strum::VariantArray as _;

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
            "also": verdict.also.iter().map(|also| format!("{} at {}", also.id, also.hop)).collect::<Vec<_>>(),
        })
    });
    brief.collect()
}

/// The file as it is kept: a line for each hop's evidence, each stream, and each verdict.
fn written(evidence: &Value, outcome: Severity, verdicts: &[Verdict]) -> String {
    let streams = |streams: &serde_json::Map<String, Value>| {
        let lines: Vec<_> =
            streams.iter().map(|(name, stream)| format!("    \"{name}\": {stream}")).collect();
        format!("{{\n{}\n  }}", lines.join(",\n"))
    };
    let fields: Vec<_> = evidence
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| match value {
            Value::Object(value) if name == "streams" => format!("  \"{name}\": {}", streams(value)),
            value => format!("  \"{name}\": {value}"),
        })
        .collect();
    let verdicts: Vec<_> =
        brief(verdicts).as_array().unwrap().iter().map(|verdict| format!("  {verdict}")).collect();
    format!(
        "{{\n\"evidence\": {{\n{}\n}},\n\"said\": {{\"outcome\": {}, \"verdicts\": [\n{}\n]}}\n}}\n",
        fields.join(",\n"),
        json!(outcome),
        verdicts.join(",\n")
    )
}

#[test]
fn golden() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/probe/golden");
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let evidence: Evidence = serde_json::from_value(file["evidence"].clone())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdicts = conclude(&evidence);
        let text = written(&file["evidence"], whole(&evidence, &verdicts), &verdicts);
        expectorate::assert_contents(&path, &text);
        seen.extend(verdicts.iter().map(|verdict| verdict.id));
    }
    let missing: Vec<_> = VerdictId::VARIANTS.iter().filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "no golden file shows {missing:?}");
}
