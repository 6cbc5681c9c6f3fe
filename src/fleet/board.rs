//! [`Board`]: what nodes share beside the number of their readers, entry by entry. What the entries are is not known here.

use serde_json::value::RawValue;

/// One entry, as it is told to the other nodes.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// What the others hear, and what is kept; nothing if it is not to be kept any more.
    pub(crate) content: Option<Content>,
}

/// What there is to say of an entry, as JSON.
#[derive(Debug)]
pub(crate) struct Content {
    /// To the nodes that listen.
    pub(crate) said: Box<RawValue>,
    /// To those that come later.
    pub(crate) kept: String,
}

/// Keeps the entries of this node.
pub(crate) trait Board: Send + Sync + 'static {
    /// Nodes share entries with those that have the same topic. It becomes a part of names in Redis.
    fn topic(&self) -> &str;
    /// The time that is written down for as long as this node is there, in milliseconds since the Unix epoch.
    fn now(&self) -> u64;
    /// Completes when entries have changed that can't wait for the next look.
    fn urgent(&self) -> impl Future<Output = ()> + Send;
    /// The entries that have changed since this was asked last.
    fn take_changed(&self) -> Vec<Entry>;
    /// What was taken last has been said and is kept.
    fn have_told(&self);
    /// The entries that are said again and again, so that nobody who misses a word is wrong for long.
    fn present(&self) -> Vec<Entry>;
    /// All entries.
    fn all(&self) -> Vec<Entry>;
    /// The nodes are heard from now on. `kept` is what was kept of entries, and `alive` when a node last wrote that it is there.
    fn begin(&self, kept: Vec<String>, alive: Option<u64>);
    /// They are not heard any more.
    fn lose(&self);
    /// Another node says this of entries.
    fn hear(&self, node: &str, said: &[Box<RawValue>]);
    /// A node has said that it goes.
    fn forget_node(&self, node: &str);
}
