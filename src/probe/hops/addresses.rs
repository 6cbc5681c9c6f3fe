//! All addresses of a name: what each one answers.

use std::net::{IpAddr, SocketAddr};

use futures_util::future::join_all;

use super::page::is_dante;
use crate::probe::{
    client::{
        connector::Connector,
        http::{self, Request},
    },
    evidence::{AddressAnswer, PageAnswer},
    target::Target,
};

/// How many addresses are asked beside the one that is used.
const OTHERS: usize = 4;

/// Asks for the page over each address, the one that is used first; gives nothing where there is only one. Answers that differ are
/// asked for twice, since servers behind one address may take turns.
pub(crate) async fn ask_all(
    connector: &Connector,
    page: &Target,
    addresses: &[IpAddr],
) -> Vec<AddressAnswer> {
    let Some(used) = connector.address_of(page) else { return Vec::new() };
    let others =
        addresses.iter().map(|ip| SocketAddr::new(*ip, page.port)).filter(|address| *address != used);
    let mut all: Vec<SocketAddr> = std::iter::once(used).chain(others.take(OTHERS)).collect();
    all.dedup();
    if all.len() < 2 {
        return Vec::new();
    }
    let mut answers = join_all(all.iter().map(|address| ask(connector, page, *address))).await;
    let is_dante = |one: &AddressAnswer| one.answers.first().map(|answer| answer.is_dante);
    let mut seen = answers.iter().filter_map(is_dante);
    let differ = seen.next().is_some_and(|first| seen.any(|other| other != first));
    if differ {
        let again = join_all(all.iter().map(|address| ask(connector, page, *address))).await;
        for (first, second) in answers.iter_mut().zip(again) {
            first.answers.extend(second.answers);
        }
    }
    answers
}

async fn ask(connector: &Connector, page: &Target, address: SocketAddr) -> AddressAnswer {
    let mut seen = AddressAnswer { address: address.to_string(), ..AddressAnswer::default() };
    let connector = connector.at(page, address);
    let (tcp, stream) = connector.reach(page, &[address], connector.budget().connect()).await;
    let Some(stream) = stream else {
        seen.failure = tcp.attempts.into_iter().find_map(|attempt| attempt.failure);
        return seen;
    };
    connector.keep(page, stream);
    let request = Request::get(page.clone(), connector.budget().answer()).with("accept", "text/html");
    let (exchange, body) = http::fetch(&connector, request).await;
    let is_dante = exchange.is(200) && is_dante(&String::from_utf8_lossy(&body));
    seen.answers.push(PageAnswer { exchange, is_dante });
    seen
}
