//! A browser opens the page, and lets it run. Dante's page is followed by the one that compares the transports; what fails there is
//! tried a second time, with nothing kept of the first.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    probe::{
        browser::{Cdp, CdpError, REPORT_SCRIPT, Recorder, Running, read_report},
        evidence::{Browser, OpenedStream, PageReport, Visit},
        streams::Span,
    },
    transport::Transport,
};

/// How often the page is asked what it shows.
const LOOK: Duration = Duration::from_millis(250);
/// For how long a page is watched that is none of Dante's, once it is loaded.
const OTHERS: Duration = Duration::from_secs(8);
/// For how long a page is watched that says itself that it gets nothing, or whose scripts failed.
const FAILING: Duration = Duration::from_secs(3);
/// So many stanzas show that the page works.
const STANZAS: u64 = 2;
/// What is told of a page. Not every browser knows each of them.
const DOMAINS: [&str; 6] = ["Page", "Network", "Runtime", "Log", "Audits", "Inspector"];

/// What is asked of the browser.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The page, as it was named.
    pub(crate) url: String,
    /// Headers for every request.
    pub(crate) headers: &'a [(HeaderName, HeaderValue)],
    /// The transports that matter.
    pub(crate) transports: &'a [Transport],
    /// Those of them over which the probe itself got stanzas.
    pub(crate) expected: &'a [Transport],
    /// How long loading may take.
    pub(crate) load: Duration,
    /// How many stanzas are waited for, and how long they may take.
    pub(crate) span: Span,
}

/// Opens the page, says what came of it, and ends the browser.
pub(crate) async fn browse(browser: Running, asked: &Asked<'_>) -> Browser {
    let mut seen = Browser {
        program: browser.program().display().to_string(),
        only_this_host: !asked.headers.is_empty(),
        ..Browser::default()
    };
    if let Err(why) = lead(&browser, asked, &mut seen).await {
        seen.trouble = Some(why);
    }
    browser.end().await;
    seen
}

/// Goes from page to page; the error is why it could not go on, in words.
async fn lead(browser: &Running, asked: &Asked<'_>, seen: &mut Browser) -> Result<(), String> {
    let words = |error: CdpError| error.to_string();
    let mut cdp = browser.connect().await.map_err(|error| error.to_string())?;
    let about = cdp.call(None, "Browser.getVersion", json!({})).await.map_err(words)?;
    seen.version = about["product"].as_str().unwrap_or_default().to_owned();
    // Without its window it calls itself by another name, which some hosts refuse.
    let agent = about["userAgent"].as_str().unwrap_or_default().replace("HeadlessChrome", "Chrome");
    let mut visitor = Visitor { cdp, agent, asked };
    let mut page = visitor.visit(&asked.url, Page::Read).await?;
    if page.report.is_none() && failed(&page) {
        seen.visits.push(page);
        page = visitor.visit(&asked.url, Page::Read).await?;
    }
    let root = page.report.as_ref().map(|report| report.root.clone());
    seen.visits.push(page);
    if let Some(root) = root {
        let compare = format!("{root}compare/");
        let first = visitor.visit(&compare, Page::Compare).await?;
        // Where the probe got nothing either, there is nothing to be sure of.
        let again = asked.expected.iter().any(|transport| silent(&first, *transport));
        seen.visits.push(first);
        if again {
            seen.visits.push(visitor.visit(&compare, Page::Compare).await?);
        }
    }
    // It may be gone before it answers.
    let _ = visitor.cdp.send(None, "Browser.close", json!({})).await;
    Ok(())
}

/// Whether a page, or a stream that it opened, failed; one that only takes its time has not.
fn failed(visit: &Visit) -> bool {
    visit.trouble.is_some()
        || visit.status.is_some_and(|status| status >= 400)
        || visit.opened.iter().any(OpenedStream::failed)
}

/// Whether a page that compares the transports got nothing over this one, although the server offers it.
fn silent(visit: &Visit, transport: Transport) -> bool {
    let report = visit.report.as_ref().and_then(|report| report.transports.get(&transport));
    report.is_none_or(|report| report.stanzas == 0 && report.state != "disallowed")
}

/// Which page it is, if it is Dante's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// The one that was named.
    Read,
    /// The one that compares the transports.
    Compare,
}

/// Who visits pages.
struct Visitor<'a> {
    cdp: Cdp,
    agent: String,
    asked: &'a Asked<'a>,
}

impl Visitor<'_> {
    /// Opens a page in a context of its own, and watches it until it has shown enough.
    async fn visit(&mut self, url: &str, page: Page) -> Result<Visit, String> {
        let words = |error: CdpError| error.to_string();
        let own = json!({"disposeOnDetach": true});
        let made = self.cdp.call(None, "Target.createBrowserContext", own).await.map_err(words)?;
        let context = made["browserContextId"].clone();
        let visit = self.watch(url, page, &context).await.map_err(words)?;
        let disposed = json!({"browserContextId": context});
        self.cdp.call(None, "Target.disposeBrowserContext", disposed).await.map_err(words)?;
        Ok(visit)
    }

    async fn watch(&mut self, url: &str, page: Page, context: &Value) -> Result<Visit, CdpError> {
        let session = self.prepare(context).await?;
        let mut recorder = Recorder::new(url);
        let start = Instant::now();
        let ms = |at: Instant| u64::try_from((at - start).as_millis()).unwrap_or(u64::MAX);
        self.cdp.send(Some(&session), "Page.navigate", json!({"url": url})).await?;
        let mut look_at = start + LOOK;
        loop {
            if let Some(event) = self.cdp.event_until(look_at).await? {
                if event.session.as_deref() != Some(&session) {
                    continue;
                }
                // It would stop the page until somebody answers.
                if event.method == "Page.javascriptDialogOpening" {
                    let accept = json!({"accept": true});
                    self.cdp.send(Some(&session), "Page.handleJavaScriptDialog", accept).await?;
                }
                recorder.take(&event, ms(Instant::now()));
                continue;
            }
            if recorder.crashed() {
                return Err(CdpError::Gone("the page crashed".to_owned()));
            }
            let now = ms(Instant::now());
            if recorder.visit().loaded_ms.is_some()
                && let Some(report) = self.report(&session).await?
            {
                recorder.reported(report);
            }
            if self.is_over(recorder.visit(), page, now) {
                return Ok(recorder.finish(now));
            }
            look_at = Instant::now() + LOOK;
        }
    }

    /// A page without anything in it, of which everything is told.
    async fn prepare(&mut self, context: &Value) -> Result<String, CdpError> {
        let blank = json!({"url": "about:blank", "browserContextId": context});
        let target = self.cdp.call(None, "Target.createTarget", blank).await?["targetId"].clone();
        let attach = json!({"targetId": target, "flatten": true});
        let attached = self.cdp.call(None, "Target.attachToTarget", attach).await?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        for domain in DOMAINS {
            match self.cdp.call(Some(&session), &format!("{domain}.enable"), json!({})).await {
                Ok(_) | Err(CdpError::Refused(..)) => {}
                Err(error) => return Err(error),
            }
        }
        let agent = json!({"userAgent": self.agent});
        self.cdp.call(Some(&session), "Emulation.setUserAgentOverride", agent).await?;
        if !self.asked.headers.is_empty() {
            let headers = json!({"headers": joined(self.asked.headers)});
            self.cdp.call(Some(&session), "Network.setExtraHTTPHeaders", headers).await?;
        }
        Ok(session)
    }

    /// What the page says of itself now.
    async fn report(&mut self, session: &str) -> Result<Option<PageReport>, CdpError> {
        let script = json!({"expression": REPORT_SCRIPT, "returnByValue": true});
        match self.cdp.call(Some(session), "Runtime.evaluate", script).await {
            Ok(mut answer) => Ok(read_report(answer["result"]["value"].take())),
            // A page that is just being left cannot be asked.
            Err(CdpError::Refused(..)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a page has shown enough, or its time is up.
    fn is_over(&self, visit: &Visit, page: Page, now: u64) -> bool {
        let is_past = |begin: u64, time: Duration| u128::from(now.saturating_sub(begin)) >= time.as_millis();
        let Asked { load, span, transports, .. } = self.asked;
        if visit.trouble.is_some() {
            return true;
        }
        let Some(loaded) = visit.loaded_ms else { return is_past(0, *load) };
        let Some(report) = &visit.report else { return is_past(loaded, OTHERS) };
        let had_its_time = is_past(loaded, FAILING);
        if had_its_time && visit.failed.iter().any(|request| request.kind == "Script") {
            return true;
        }
        let enough = match page {
            Page::Read => report.stanzas >= STANZAS,
            Page::Compare => transports.iter().all(|transport| {
                let one = report.transports.get(transport);
                one.is_some_and(|one| match one.state.as_str() {
                    "refused" | "disallowed" | "ended" => true,
                    "blocked" | "lost" if had_its_time => true,
                    _ => one.stanzas >= span.stanzas.min(4) as u64,
                })
            }),
        };
        enough || is_past(loaded, span.time)
    }
}

/// Headers as the protocol takes them: each name once.
fn joined(headers: &[(HeaderName, HeaderValue)]) -> BTreeMap<&str, String> {
    let mut all: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        all.entry(name.as_str())
            .and_modify(|known| {
                known.push_str(if *name == http::header::COOKIE { "; " } else { ", " });
                known.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn headers_that_are_repeated_are_one() {
        let of = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
        let headers = [of(header::COOKIE, "a=1"), of(header::ACCEPT, "x"), of(header::COOKIE, "b=2")];
        let expected = [("accept", "x".to_owned()), ("cookie", "a=1; b=2".to_owned())];
        assert_eq!(joined(&headers), expected.into());
    }
}
