//! The steps that remove what the script made, and nothing else.

use super::{Change, IisFacts, Item, Step, iis::Configuration};

/// How long a program may take to end after its application was removed, in seconds.
const PATIENCE: u32 = 10;

pub(super) fn steps(facts: &IisFacts, iis: &Configuration) -> Vec<Step> {
    let (name, application) = (&facts.name, facts.application());
    let mut steps = Vec::new();
    let mut step = |action, what: String, done, change| steps.push(Step { action, what, done, change });
    let delete =
        |kind: &str, option| Change::Appcmd { arguments: vec!["delete".into(), kind.into(), option] };
    let what = format!("application '{application}'");
    step("delete", what, iis.folder.is_none(), delete("app", format!("/app.name:{application}")));
    let pool = format!("application pool '{name}'");
    // A pool that has other applications, or other settings than ours, is not the one that this script made.
    if iis.has_pool && (!iis.lodgers.is_empty() || !iis.pool_is_set) {
        step(
            "leave",
            format!("{pool}: not made by this script, or changed since then"),
            false,
            Change::Leave,
        );
    } else {
        step("delete", pool, !iis.has_pool, delete("apppool", format!("/apppool.name:{name}")));
    }

    // Only a folder with our web.config is ours.
    let ours = facts.top().any(|item| rank(item) == CONFIG && item.is_ours());
    let strange_log = facts.items.iter().any(|item| item.name.contains('\\') && !item.is_log());
    let (mut gone, kept): (Vec<_>, Vec<_>) = facts.items.iter().partition(|item| {
        ours && if item.name.contains('\\') {
            item.is_log()
        } else {
            item.is_ours() && !(item.folder && strange_log)
        }
    });
    gone.sort_by_key(|item| rank(item));
    for item in gone {
        let (path, last) = (facts.below(&item.name), rank(item) == CONFIG);
        step("remove", path.clone(), false, Change::Remove { path, patience: PATIENCE, last });
    }
    let path = facts.path.clone();
    match kept.first() {
        Some(kept) => step("leave", format!("{path}: it contains '{}'", kept.name), false, Change::Leave),
        None => {
            step("remove", path.clone(), !facts.exists, Change::Remove { path, patience: 0, last: true });
        }
    }
    steps
}

const CONFIG: u8 = 4;

/// The order: a folder after its contents; programs late, since one of them may have made this plan; web.config
/// last, so that another run can see that the folder is ours.
fn rank(item: &Item) -> u8 {
    match () {
        () if item.is_log() => 0,
        () if item.folder => 1,
        () if item.name.eq_ignore_ascii_case("web.config") => CONFIG,
        () if item.is_program() => 3,
        () => 2,
    }
}
