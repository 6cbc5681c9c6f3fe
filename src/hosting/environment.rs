//! [`Environment`]: a snapshot of the process's environment, passed to detection as a value.

use std::{env, ffi::OsString};

/// Names and values, in the order of the process's environment block. A name may occur twice: IIS may pass an
/// application setting and iisnode's own value under the same name.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: Vec<(String, OsString)>,
}

impl Environment {
    /// The environment of this process, now.
    pub fn of_process() -> Self {
        let variables = env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value));
        Self { variables: variables.collect() }
    }

    /// The first value of a variable that is set and not empty.
    ///
    /// Text that is not Unicode gets replacement characters; parsing then fails with a message that shows it.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// Every value of a variable, without empty ones.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.variables
            .iter()
            .filter(move |(known, value)| same_name(known, name) && !value.is_empty())
            .map(|(_, value)| value.to_string_lossy().into_owned())
    }

    /// Whether a variable is set and not empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// Windows ignores case in variable names.
fn same_name(known: &str, name: &str) -> bool {
    known == name || (cfg!(windows) && known.eq_ignore_ascii_case(name))
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}
