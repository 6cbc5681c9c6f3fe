//! Gathers what the binary carries: our own files from `static/`, finished for the wire, and the official
//! Socket.IO browser client, each with its hash and its precompressed forms, as one table of assets.
//!
//! The client library is not in the repository. `package.json` and `package-lock.json` pin it;
//! here it is installed with npm (once per build directory, no scripts run) and its SHA-256 is
//! compared with the one in `package.json`.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// What npm is for here.
const NPM_REASON: &str =
    "Dante carries the official Socket.IO browser client, which the build takes from the npm registry.";

/// Where npm puts the bundles of the client library.
const BUNDLES: &str = "node_modules/socket.io-client/dist";

/// The bundles that are served, and where: the one for `<script>`, and the one for `import`.
const SERVED: [(&str, &str); 2] = [
    ("socket.io.min.js", "socket.io/socket.io.js"),
    ("socket.io.esm.min.js", "socket.io/socket.io.esm.min.js"),
];

fn main() {
    if let Err(error) = gather() {
        // Cargo shows these lines, and nothing else that a script prints. A script that fails by its exit
        // code has its whole output shown, with what went wrong at the end.
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
}

fn gather() -> Fallible<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for input in ["build.rs", "package.json", "package-lock.json", "static"] {
        println!("cargo::rerun-if-changed={input}");
    }

    let mut sources = BTreeMap::new();
    collect(&root.join("static"), "static", &mut sources)?;
    let mut assets = BTreeMap::new();
    for (path, source) in sources {
        let content = finish(&path, fs::read(source)?)?;
        assets.insert(path, content);
    }
    let static_hash = hash_of_all(&assets);
    for ((_, path), content) in SERVED.iter().zip(client_library(&root, &out)?) {
        assets.insert((*path).to_owned(), content);
    }

    let mut table = format!(
        "/// What stands for all files of `static/` in URLs.\npub(crate) const STATIC_HASH: &str = {static_hash:?};\n\
         /// Every file that the binary serves, sorted by path.\npub(crate) static ASSETS: &[Asset] = &[\n",
    );
    for (path, content) in &assets {
        table.push_str(&entry(path, content, &out)?);
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// A file of ours as it is served: scripts and styles without their comments.
fn finish(path: &str, content: Vec<u8>) -> Fallible<Vec<u8>> {
    Ok(match path.rsplit_once('.') {
        Some((_, "js" | "css")) => without_comments(&String::from_utf8(content)?).into_bytes(),
        _ => content,
    })
}

/// What stands for all files in URLs: it changes when any of them does, so that modules may import each other by
/// relative URLs and be cached for ever.
fn hash_of_all(assets: &BTreeMap<String, Vec<u8>>) -> String {
    let all: String = assets.iter().map(|(path, content)| format!("{path} {}\n", hex(content))).collect();
    short_hash(all.as_bytes())
}

/// Drops comments that have lines of their own. (prettier keeps our files in the form that this relies on;
/// no text of ours has a line that begins like a comment.)
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.lines() {
        let start = line.trim_start();
        let opens = start.starts_with("/*");
        let whole = !inside && !opens && !start.starts_with("//");
        let code_behind = opens && start.split_once("*/").is_some_and(|(_, code)| !code.trim().is_empty());
        if (whole && !start.is_empty()) || (!inside && code_behind) {
            kept.push_str(line);
            kept.push('\n');
        }
        inside = (inside || opens) && !start.contains("*/");
    }
    kept
}

/// Installs the client library unless it is there, and returns its bundles, checked, in the order of [`SERVED`].
fn client_library(root: &Path, out: &Path) -> Fallible<[Vec<u8>; SERVED.len()]> {
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(root.join("package.json"))?)?;
    let home = out.join("npm");
    let read = |file: &str| {
        let hash = manifest["bundles"][file].as_str().ok_or(format!("package.json has no bundles.{file}"))?;
        let path = home.join(BUNDLES).join(file);
        let found = fs::read(&path).ok().filter(|found| hex(found) == hash);
        Fallible::Ok(found.ok_or_else(|| {
            format!(
                "{} is not the file that package.json names (SHA-256 {hash}): \
                 remove that directory and build again, or, after a deliberate update, write the new hash there",
                path.display()
            )
        }))
    };
    for (file, _) in SERVED {
        if read(file)?.is_err() {
            fs::create_dir_all(&home)?;
            for file in ["package.json", "package-lock.json"] {
                fs::copy(root.join(file), home.join(file))?;
            }
            npm_ci(&home)?;
            break;
        }
    }
    let [classic, module] = SERVED.map(|(file, _)| read(file));
    Ok([classic??, module??])
}

fn npm_ci(home: &Path) -> Fallible<()> {
    // On Windows npm is a command script, which only the command interpreter finds by its bare name.
    let mut npm = if cfg!(windows) {
        let mut shell = Command::new("cmd");
        shell.args(["/C", "npm"]);
        shell
    } else {
        Command::new("npm")
    };
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(home);
    let output = npm.output().map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "it is not on the PATH".to_owned(),
            _ => error.to_string(),
        };
        format!(
            "npm can't be started: {reason}.\n{NPM_REASON}\n\
             Install Node.js 20 or later, which has npm (https://nodejs.org), and build again."
        )
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "npm ci failed ({}) in {}.\n{NPM_REASON}\n\
             Check that Node.js 20 or later is installed (node --version) and that the registry answers (npm ping); \
             a machine without a network needs npm's cache or a mirror. Then build again.\n\
             What npm printed:\n{}",
            output.status,
            home.display(),
            said.trim_end()
        )
        .into());
    }
    Ok(())
}

/// Adds every file below `dir`, named by its path with forward slashes.
fn collect(dir: &Path, prefix: &str, files: &mut BTreeMap<String, PathBuf>) -> Fallible<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).ok_or("a file name in static/ is not UTF-8")?;
        let served = format!("{prefix}/{name}");
        if path.is_dir() {
            collect(&path, &served, files)?;
        } else {
            files.insert(served, path);
        }
    }
    Ok(())
}

/// Writes the forms in which an asset is served, and returns its line of the table.
fn entry(path: &str, content: &[u8], out: &Path) -> Fallible<String> {
    let hash = short_hash(content);
    let stem = out.join(path.replace('/', "_"));
    let (identity, brotli, gzip) =
        (stem.with_added_extension("id"), stem.with_added_extension("br"), stem.with_added_extension("gz"));

    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*content, &mut packed, &parameters)?;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    fs::write(&identity, content)?;
    fs::write(&brotli, packed)?;
    fs::write(&gzip, encoder.finish()?)?;

    Ok(format!(
        "    Asset {{ path: {path:?}, hash: {hash:?}, identity: include_bytes!({identity:?}), \
         brotli: include_bytes!({brotli:?}), gzip: include_bytes!({gzip:?}) }},\n",
    ))
}

/// What stands for a content in URLs and tags.
fn short_hash(content: &[u8]) -> String {
    hex(content)[..16].to_owned()
}

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
