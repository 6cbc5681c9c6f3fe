//! [`lock`]: for the small tables that connections share.

use std::sync::{Mutex, MutexGuard};

/// Locks one of the small tables that connections share.
pub(crate) fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().expect("nothing panics while it holds one of these locks")
}
