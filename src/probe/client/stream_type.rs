//! The types of answers that stream. Pure.

use crate::probe::evidence::AppForm;

/// The form that a `Content-Type` names, if it is one of streams.
pub(crate) fn form_of_type(content_type: &str) -> Option<AppForm> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "text/event-stream" => Some(AppForm::EventStream),
        // The names in use: ndjson.org and jsonlines.org register none; Elasticsearch, Ollama and Spring write these.
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines"
        | "application/stream+json" => Some(AppForm::Lines),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        assert_eq!(form_of_type("Text/Event-Stream;charset=utf-8"), Some(AppForm::EventStream));
        assert_eq!(form_of_type("application/x-ndjson"), Some(AppForm::Lines));
        for other in ["", "text/plain", "application/json", "text/event-streams"] {
            assert_eq!(form_of_type(other), None, "{other}");
        }
    }
}
