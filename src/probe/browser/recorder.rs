//! [`Recorder`]: from the events of a page to what was seen of it. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cdp::Event;
use crate::probe::evidence::{FailedRequest, OpenedKind, OpenedStream, PageReport, Visit};

/// How much of each list is kept: a page may fail at the same thing for ever.
const MOST: usize = 20;
/// How long a text may be, in characters.
const LONGEST: usize = 300;
/// What a page does itself: it closes a stream, or goes elsewhere.
const ABORTED: &str = "net::ERR_ABORTED";

/// Records what happens in a page.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    visit: Visit,
    /// Requests that are under way: where, and what for.
    requests: BTreeMap<String, (String, String)>,
    /// Which of the streams has which id.
    streams: BTreeMap<String, usize>,
    /// Whether the page's own answer has come.
    document: bool,
    /// Whether the page crashed, or what showed it did.
    crashed: bool,
}

impl Recorder {
    /// For a page that is about to be opened.
    pub(crate) fn new(url: &str) -> Self {
        Self { visit: Visit { url: url.to_owned(), ..Visit::default() }, ..Self::default() }
    }

    /// Something has happened, so long after the page was asked for, in milliseconds.
    pub(crate) fn take(&mut self, event: &Event, at_ms: u64) {
        let params = &event.params;
        let id = text(&params["requestId"]);
        match event.method.as_str() {
            "Network.requestWillBeSent" => {
                let (url, kind) = (text(&params["request"]["url"]), text(&params["type"]));
                if kind == "EventSource" {
                    self.opened(id.clone(), OpenedKind::EventSource, url.clone(), at_ms);
                }
                self.requests.insert(id, (url, kind));
            }
            "Network.responseReceived" => self.response(&id, params),
            "Network.loadingFailed" => self.loading_failed(&id, params, at_ms),
            "Network.loadingFinished" => {
                self.requests.remove(&id);
                self.ended(&id, at_ms);
            }
            "Network.webSocketCreated" => {
                self.opened(id, OpenedKind::WebSocket, text(&params["url"]), at_ms);
            }
            "Network.webSocketHandshakeResponseReceived" => {
                let status = status(&params["response"]);
                self.stream(&id, |stream| stream.status = status);
            }
            "Network.webSocketFrameReceived" | "Network.eventSourceMessageReceived" => {
                self.stream(&id, |stream| {
                    stream.messages += 1;
                    stream.first_ms.get_or_insert(at_ms);
                    stream.last_ms = Some(at_ms);
                });
            }
            "Network.webSocketFrameError" => {
                let why = text(&params["errorMessage"]);
                self.stream(&id, |stream| stream.trouble = Some(why));
            }
            "Network.webSocketClosed" => self.ended(&id, at_ms),
            "Page.loadEventFired" => {
                self.visit.loaded_ms.get_or_insert(at_ms);
            }
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let described = details["exception"]["description"].as_str();
                let first_line = described.and_then(|text| text.lines().next());
                self.complain(first_line.or(details["text"].as_str()).unwrap_or_default());
            }
            "Runtime.consoleAPICalled" if params["type"] == "error" => {
                let said = params["args"].as_array().into_iter().flatten();
                let words = said.map(|one| {
                    text(if one["value"].is_null() { &one["description"] } else { &one["value"] })
                });
                self.complain(&words.collect::<Vec<_>>().join(" "));
            }
            // Requests that failed are listed by themselves.
            "Log.entryAdded"
                if params["entry"]["level"] == "error" && params["entry"]["source"] != "network" =>
            {
                self.complain(params["entry"]["text"].as_str().unwrap_or_default());
            }
            "Audits.issueAdded" => self.issue(&params["issue"]),
            "Inspector.targetCrashed" => self.crashed = true,
            _ => {}
        }
    }

    /// Whether the page crashed.
    pub(crate) fn crashed(&self) -> bool {
        self.crashed
    }

    /// What was seen until now.
    pub(crate) fn visit(&self) -> &Visit {
        &self.visit
    }

    /// The page says something of itself.
    pub(crate) fn reported(&mut self, report: PageReport) {
        self.visit.report = Some(report);
    }

    /// What was seen, in so many milliseconds.
    pub(crate) fn finish(mut self, watched_ms: u64) -> Visit {
        self.visit.watched_ms = watched_ms;
        self.visit
    }

    fn response(&mut self, id: &str, params: &Value) {
        let (response, kind) = (&params["response"], text(&params["type"]));
        let (status, protocol) = (status(response), text(&response["protocol"]));
        if kind == "Document" && !self.document {
            self.document = true;
            self.visit.status = status;
            self.visit.protocol.clone_from(&protocol);
        }
        // What comes from a cache or from the page itself came in no way at all.
        if protocol.starts_with('h') {
            *self.visit.protocols.entry(protocol).or_default() += 1;
        }
        self.stream(id, |stream| stream.status = status);
        if status.is_some_and(|status| status >= 400) {
            self.fail(FailedRequest {
                url: text(&response["url"]),
                kind,
                status,
                ..FailedRequest::default()
            });
        }
    }

    fn loading_failed(&mut self, id: &str, params: &Value, at_ms: u64) {
        let error = text(&params["errorText"]);
        let of = |value: &Value| value.as_str().map(str::to_owned);
        let (blocked, cors) = (of(&params["blockedReason"]), of(&params["corsErrorStatus"]["corsError"]));
        let by_itself = error == ABORTED && blocked.is_none() && cors.is_none();
        self.ended(id, at_ms);
        let request = self.requests.remove(id);
        if by_itself {
            return;
        }
        self.stream(id, |stream| stream.trouble = Some(error.clone()));
        let (url, kind) = request.unwrap_or_default();
        if kind == "Document" && !self.document {
            self.visit.trouble = Some(error.clone());
        }
        self.fail(FailedRequest { url, kind, status: None, error, blocked, cors });
    }

    /// What the browser's own audit says: only what was blocked.
    fn issue(&mut self, issue: &Value) {
        let details = &issue["details"];
        let policy = &details["contentSecurityPolicyIssueDetails"];
        if policy.is_object() && policy["isReportOnly"] != true {
            let directive = text(&policy["violatedDirective"]);
            let blocked = policy["blockedURL"].as_str().unwrap_or("inline code");
            self.complain(&format!("Content-Security-Policy: {directive} forbids {blocked}"));
        }
        let mixed = &details["mixedContentIssueDetails"];
        if mixed["resolutionStatus"] == "MixedContentBlocked" {
            self.complain(&format!("mixed content: {} is blocked", text(&mixed["insecureURL"])));
        }
    }

    fn opened(&mut self, id: String, kind: OpenedKind, url: String, at_ms: u64) {
        if self.visit.opened.len() < MOST {
            self.streams.insert(id, self.visit.opened.len());
            self.visit.opened.push(OpenedStream { kind, url, asked_ms: at_ms, ..OpenedStream::default() });
        }
    }

    fn ended(&mut self, id: &str, at_ms: u64) {
        self.stream(id, |stream| {
            stream.ended_ms.get_or_insert(at_ms);
        });
    }

    fn stream(&mut self, id: &str, change: impl FnOnce(&mut OpenedStream)) {
        if let Some(stream) = self.streams.get(id).and_then(|at| self.visit.opened.get_mut(*at)) {
            change(stream);
        }
    }

    fn fail(&mut self, failed: FailedRequest) {
        if self.visit.failed.len() < MOST && !self.visit.failed.contains(&failed) {
            self.visit.failed.push(failed);
        }
    }

    fn complain(&mut self, what: &str) {
        let what = cut(what);
        if !what.is_empty() && self.visit.complaints.len() < MOST && !self.visit.complaints.contains(&what) {
            self.visit.complaints.push(what);
        }
    }
}

fn status(response: &Value) -> Option<u16> {
    response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).filter(|status| *status > 0)
}

/// A value as text; nothing if it is none.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is seen of events as Chromium 156 sends them, one each 10 ms.
    fn seen(events: &[(&str, Value)]) -> Visit {
        let mut recorder = Recorder::new("https://h/");
        for (at, (method, params)) in (10..).step_by(10).zip(events) {
            let event = Event { session: None, method: (*method).to_owned(), params: params.clone() };
            recorder.take(&event, at);
        }
        recorder.finish(1000)
    }

    #[test]
    fn a_page_and_its_event_stream() {
        let seen = seen(&[
            (
                "Network.requestWillBeSent",
                json!({"requestId": "1", "type": "Document", "request": {"url": "https://h/"}}),
            ),
            (
                "Network.responseReceived",
                json!({"requestId": "1", "type": "Document", "response": {"url": "https://h/", "status": 200, "protocol": "h2"}}),
            ),
            (
                "Network.requestWillBeSent",
                json!({"requestId": "2", "type": "EventSource", "request": {"url": "https://h/sse"}}),
            ),
            (
                "Network.responseReceived",
                json!({"requestId": "2", "type": "EventSource", "response": {"url": "https://h/sse", "status": 200, "protocol": "h2"}}),
            ),
            ("Page.loadEventFired", json!({"timestamp": 1.5})),
            ("Network.eventSourceMessageReceived", json!({"requestId": "2", "eventName": "message"})),
            ("Network.eventSourceMessageReceived", json!({"requestId": "2", "eventName": "message"})),
            (
                "Network.loadingFailed",
                json!({"requestId": "2", "type": "EventSource", "errorText": "net::ERR_ABORTED", "canceled": true}),
            ),
        ]);
        assert_eq!((seen.status, seen.protocol.as_str(), seen.loaded_ms), (Some(200), "h2", Some(50)));
        assert_eq!(seen.protocols, [("h2".to_owned(), 2)].into());
        assert_eq!(seen.failed, [], "the page itself closed its stream");
        let expected = OpenedStream {
            kind: OpenedKind::EventSource,
            url: "https://h/sse".into(),
            asked_ms: 30,
            status: Some(200),
            messages: 2,
            first_ms: Some(60),
            last_ms: Some(70),
            ended_ms: Some(80),
            trouble: None,
        };
        assert_eq!(seen.opened, [expected]);
    }

    #[test]
    fn a_websocket_that_is_refused() {
        let seen = seen(&[
            ("Network.webSocketCreated", json!({"requestId": "3", "url": "wss://h/ws"})),
            (
                "Network.webSocketHandshakeResponseReceived",
                json!({"requestId": "3", "response": {"status": 403}}),
            ),
            (
                "Network.webSocketFrameError",
                json!({"requestId": "3", "errorMessage": "Error during WebSocket handshake: Unexpected response code: 403"}),
            ),
            ("Network.webSocketClosed", json!({"requestId": "3"})),
        ]);
        let stream = &seen.opened[0];
        assert_eq!(
            (stream.kind, stream.status, stream.ended_ms),
            (OpenedKind::WebSocket, Some(403), Some(40))
        );
        assert!(stream.trouble.as_deref().unwrap().ends_with("403"));
    }

    #[test]
    fn what_was_blocked_and_what_was_said() {
        let script = (
            "Network.requestWillBeSent",
            json!({"requestId": "1", "type": "Script", "request": {"url": "https://h/a.js"}}),
        );
        let missing = json!({"requestId": "1", "type": "Script", "response": {"url": "https://h/b.js", "status": 404, "protocol": "h2"}});
        let csp = json!({"code": "ContentSecurityPolicyIssue", "details": {"contentSecurityPolicyIssueDetails": {"violatedDirective": "connect-src", "blockedURL": "wss://h/ws", "isReportOnly": false}}});
        let report_only = json!({"details": {"contentSecurityPolicyIssueDetails": {"violatedDirective": "img-src", "isReportOnly": true}}});
        let refused =
            json!({"entry": {"source": "security", "level": "error", "text": "Refused to connect"}});
        let seen = seen(&[
            script,
            (
                "Network.loadingFailed",
                json!({"requestId": "1", "type": "Script", "errorText": "net::ERR_BLOCKED_BY_CSP", "blockedReason": "csp"}),
            ),
            ("Network.responseReceived", missing.clone()),
            ("Network.responseReceived", missing),
            ("Audits.issueAdded", json!({"issue": csp})),
            ("Audits.issueAdded", json!({"issue": report_only})),
            ("Log.entryAdded", refused.clone()),
            ("Log.entryAdded", refused),
            (
                "Runtime.exceptionThrown",
                json!({"exceptionDetails": {"text": "Uncaught", "exception": {"description": "TypeError: x\n  at y"}}}),
            ),
            (
                "Runtime.consoleAPICalled",
                json!({"type": "error", "args": [{"value": "lost"}, {"description": "Error: z"}]}),
            ),
        ]);
        let failed: Vec<_> =
            seen.failed.iter().map(|one| (one.url.as_str(), one.status, one.blocked.as_deref())).collect();
        assert_eq!(failed, [("https://h/a.js", None, Some("csp")), ("https://h/b.js", Some(404), None)]);
        assert_eq!(
            seen.complaints,
            [
                "Content-Security-Policy: connect-src forbids wss://h/ws",
                "Refused to connect",
                "TypeError: x",
                "lost Error: z"
            ]
        );
    }

    #[test]
    fn a_page_that_fails_for_ever_is_kept_short() {
        let events: Vec<_> = (0..50)
            .map(|at| ("Network.webSocketCreated", json!({"requestId": at.to_string(), "url": "wss://h/ws"})))
            .collect();
        assert_eq!(seen(&events).opened.len(), MOST);
    }
}
