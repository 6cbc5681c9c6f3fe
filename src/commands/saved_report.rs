//! The file that `dante probe --report` names: read, and told.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use crate::{
    bad_value::BadValue,
    probe::{
        Document,
        saved::{Comparison, LARGEST, Told, read},
    },
};

/// What a page has saved in the file of this name, or what comes on standard input for `-`.
///
/// # Errors
/// When it cannot be read, or is no report.
pub(super) fn read_report(path: &str) -> Result<Told, BadValue> {
    let refuse = |reason: String| BadValue::new("--report", path, reason);
    let bytes =
        read_bytes(path).map_err(|error| refuse(format!("it cannot be read ({error}); check its path")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(format!(
            "it is larger than {LARGEST} bytes, and so no report; give the file that Save report has saved"
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| refuse("it is not UTF-8 text; give the file that Save report has saved".to_owned()))?;
    read(&text).map(Told::new).map_err(|error| refuse(error.to_string()))
}

fn read_bytes(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // A device has no end.
    match path {
        "-" => io::stdin().take(LARGEST + 1).read_to_end(&mut bytes)?,
        path => File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// Prints it as JSON: alone, or in the document of a probe as `pageReport`, beside `comparisons`.
///
/// # Errors
/// When standard output fails.
pub(super) fn print_json(told: &Told, probed: Option<(&Document, &[Comparison])>) -> io::Result<()> {
    let value = match probed {
        None => serde_json::to_value(told)?,
        Some((document, comparisons)) => {
            let mut value = serde_json::to_value(document)?;
            value["pageReport"] = serde_json::to_value(told)?;
            value["comparisons"] = serde_json::to_value(comparisons)?;
            value
        }
    };
    let mut out = io::stdout();
    serde_json::to_writer_pretty(&mut out, &value)?;
    writeln!(out)
}
