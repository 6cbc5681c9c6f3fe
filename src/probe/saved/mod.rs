//! What a page of Dante has saved of its own streams (`docs/report.md`), read and put into the probe's words, so that the browser's view and the
//! probe's stand side by side. Pure.
//!
//! | file | what it knows |
//! |---|---|
//! | `form` | the form of the file, and why one cannot be read |
//! | `told` | what the page saw, with the catalogue's causes and remedies |
//! | `compared` | where a probe saw something else |

mod compared;
mod form;
mod told;

pub(crate) use self::{
    compared::{Comparison, Side, compare},
    form::{LARGEST, read},
    told::{Told, TransportTold, Unknown},
};
