//! The way to the page, through redirects; or, where only an engine is asked for, to its first answer.

use std::{net::IpAddr, sync::Arc, time::Instant};

use tokio_util::task::AbortOnDropHandle;

use super::{Probe, millis};
use crate::probe::{
    client::{connector::Connector, http},
    cookies::Jar,
    diagnose::http2::speaks_only_http2,
    evidence::{AddressAnswer, Exchange, Http},
    hop::Hop,
    hops::{addresses, connection, connection::ConnectionPath, page},
    plan::HttpVersions,
    target::Target,
};

impl Probe<'_> {
    /// Reaches the page, through redirects; gives where it is, if anything answers at all.
    pub(super) async fn reach_page(&mut self) -> std::io::Result<Option<Target>> {
        let mut target = self.plan.target.clone();
        let (mut earlier, mut cookies) = (Vec::new(), Jar::default());
        loop {
            if !self.walk(&target).await? {
                return Ok(None);
            }
            let connector = self.connector.clone();
            if let Some(engine) = self.plan.subject.engine() {
                return self.reach_engine(target.at(&engine.path)).await;
            }
            let start = Instant::now();
            let limit = || connector.budget().first_answer();
            let (mut seen, mut reached, mut elsewhere) =
                page::page(&connector, &target, &mut cookies, limit).await;
            // Of this host: one to which a redirect led has a version of HTTP of its own.
            let mut first = seen.exchanges.first().expect("the page is asked for at least once").clone();
            let mut over_http1 = None;
            if let Some(over) = self.over_http2_alone(&target, &first) {
                let limit = || connector.budget().first_answer();
                let (page, there, next) = page::page(&over, &target, &mut cookies, limit).await;
                if let Some(second) = page.exchanges.first().filter(|second| second.status.is_some()).cloned()
                {
                    over_http1 = Some(std::mem::replace(&mut first, second));
                    (seen, reached, elsewhere) = (page, there, next);
                    self.connector = Arc::new(over);
                }
            }
            let connector = self.connector.clone();
            earlier.append(&mut seen.exchanges);
            seen.exchanges.clone_from(&earlier);
            let answered = seen.exchanges.last().is_some_and(|last| last.status.is_some());
            let limit = connector.budget().connect();
            let http = connection::http(&connector, &target, &first, limit).await;
            self.evidence.http = Some(Http { over_http1, ..http });
            self.times.insert(Hop::Page, millis(start));
            seen.too_many_redirects |= elsewhere.is_some() && earlier.len() > 8;
            let next = elsewhere.filter(|_| !seen.too_many_redirects);
            if answered {
                self.evidence.page = Some(seen);
            }
            self.done(&[Hop::Http], start)?;
            match next {
                Some(next) => target = next,
                None => return Ok(answered.then_some(reached)),
            }
        }
    }

    /// The path to a host, as far as it leads; whether requests can be made.
    pub(super) async fn walk(&mut self, target: &Target) -> std::io::Result<bool> {
        let start = Instant::now();
        let connector = self.connector.clone();
        let path = ConnectionPath::walk(&connector, target, || connector.budget().connect()).await;
        let open = path.is_open(target);
        (self.evidence.name, self.evidence.tcp, self.evidence.tls) = (path.name, path.tcp, path.tls);
        // After a redirect, the way to the next host may need none; the one before it did.
        self.evidence.proxy = path.proxy.or_else(|| self.evidence.proxy.take());
        self.done(&[Hop::Proxy, Hop::Name, Hop::Tcp, Hop::Tls], start)?;
        Ok(open)
    }

    /// What speaks HTTP/2 in the place of HTTP/1.1, where that is all that a host speaks behind TLS: as browsers do, which never speak it
    /// without.
    fn over_http2_alone(&self, target: &Target, first: &Exchange) -> Option<Connector> {
        let tls = self.evidence.tls.as_ref().filter(|tls| tls.http2 == Some(true));
        let only = tls.is_some() && speaks_only_http2(tls, first).is_some();
        let allowed = target.tls && self.plan.http == HttpVersions::Both && self.connector.http2().is_none();
        (only && allowed).then(|| self.connector.over_http2())
    }

    /// Begins to ask what all addresses of the name answer, where there are several: beside everything else, since one that is dead takes
    /// its time.
    pub(super) fn ask_all_addresses(
        &self,
        page: Option<&Target>,
    ) -> Option<AbortOnDropHandle<Vec<AddressAnswer>>> {
        let name = self.evidence.name.as_ref().filter(|name| name.addresses.len() > 1)?;
        if self.evidence.tcp.is_none() || !self.plan.subject.kind().is_page() {
            return None;
        }
        let page = page.unwrap_or(&self.plan.target).clone();
        let addresses: Vec<IpAddr> =
            name.addresses.iter().filter_map(|address| address.parse().ok()).collect();
        let connector = self.connector.clone();
        let asked = async move { addresses::ask_all(&connector, &page, &addresses).await };
        Some(AbortOnDropHandle::new(tokio::spawn(asked)))
    }

    /// Where only an engine is asked for, its first answer stands for the page.
    async fn reach_engine(&mut self, target: Target) -> std::io::Result<Option<Target>> {
        let start = Instant::now();
        let ask = target.clone().with_query([("EIO", "4"), ("transport", "polling")]);
        let limit = self.connector.budget().first_answer();
        let (first, _) = http::fetch(&self.connector, http::Request::get(ask, limit)).await;
        let answered = first.status.is_some();
        let limit = self.connector.budget().connect();
        self.evidence.http = Some(connection::http(&self.connector, &target, &first, limit).await);
        self.done(&[Hop::Http], start)?;
        Ok(answered.then_some(target))
    }
}
