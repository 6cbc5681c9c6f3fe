//! Looking again at what was refused, hung or came late while other connections were open: alone, it tells a limit from a fault.

use super::{
    engine, files, page,
    upgrade::{self, Proof},
};
use crate::probe::{
    context::Context,
    diagnose::limits::crowded,
    evidence::{Evidence, Exchange, Sticky, Upgrades},
    hop::Hop,
    subject::Kind,
};

/// Looks again at these hops, one by one and with nothing else open. What came first is kept beside what came now.
pub(crate) async fn look_again(context: &Context, evidence: &mut Evidence) {
    let crowded = crowded(evidence);
    if crowded.is_empty() {
        return;
    }
    let _alone = context.connector.gate().alone().await;
    for (hop, first) in crowded {
        look_at(context, evidence, hop, first).await;
    }
}

async fn look_at(context: &Context, evidence: &mut Evidence, hop: Hop, first: Vec<Exchange>) {
    let handshake = evidence.handshake.as_ref();
    match hop {
        Hop::Hosting => {
            let mut again = page::hosting(context).await;
            again.exchange.again = earlier(first);
            evidence.hosting = Some(again);
        }
        Hop::ClientLibrary => {
            let named = evidence.page.as_ref().and_then(|page| page.client_library.as_deref());
            let mut again = page::library(context, named).await;
            again.exchange.again = earlier(first);
            evidence.client_library = Some(again);
        }
        Hop::Files => {
            let Some(page) = &evidence.page else { return };
            let mut again = files::files(context, page).await;
            for (file, first) in again.fetched.iter_mut().flat_map(|file| {
                let earlier = first.iter().find(|first| first.url == file.exchange.url);
                earlier.map(|first| (file, first))
            }) {
                file.exchange.again = Some(Box::new(first.clone()));
            }
            evidence.files = Some(again);
        }
        Hop::Handshake => {
            let mut again = engine::handshake(context).await;
            again.exchange.again = earlier(first);
            evidence.handshake = Some(again);
        }
        Hop::Sticky => {
            let Some(handshake) = handshake else { return };
            let again = engine::sticky(context, handshake).await;
            evidence.sticky = Some(Sticky { crowded: first, ..again });
        }
        Hop::Upgrade => {
            let proof = match evidence.subject {
                Kind::WebSocket => Proof::Opening,
                _ => Proof::Packets { polling: handshake.is_some_and(|handshake| handshake.open.is_some()) },
            };
            let again = upgrade::upgrades(context, proof).await;
            evidence.upgrades = Some(Upgrades { crowded: first, ..again });
        }
        Hop::Cors => {
            let mut again = engine::cors(context).await;
            again.exchange.again = earlier(first);
            evidence.cors = Some(again);
        }
        _ => {}
    }
}

fn earlier(first: Vec<Exchange>) -> Option<Box<Exchange>> {
    first.into_iter().next().map(Box::new)
}
