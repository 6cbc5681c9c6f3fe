//! Gathers what the binary carries: our own files from `static/` and the official Socket.IO
//! browser client, each with its hash and its precompressed forms, as one table of assets.
//!
//! The client library is not in the repository. `package.json` and `package-lock.json` pin it;
//! here it is installed with npm (once per build directory, no scripts run) and its SHA-256 is
//! compared with the one in `package.json`.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Where npm puts the bundles of the client library.
const BUNDLES: &str = "node_modules/socket.io-client/dist";

fn main() -> Fallible<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for input in ["build.rs", "package.json", "package-lock.json", "static"] {
        println!("cargo::rerun-if-changed={input}");
    }

    let mut files = vec![("socket.io/socket.io.js".to_owned(), client_library(&root, &out)?)];
    collect(&root.join("static"), "static", &mut files)?;
    files.sort();

    let mut table = String::from(
        "/// Every file that the binary serves, sorted by path.\npub(crate) static ASSETS: &[Asset] = &[\n",
    );
    for (path, source) in &files {
        table.push_str(&entry(path, source, &out)?);
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// Installs the client library unless it is there, and returns its bundle, checked.
fn client_library(root: &Path, out: &Path) -> Fallible<PathBuf> {
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(root.join("package.json"))?)?;
    let text =
        |name: &str| manifest["bundle"][name].as_str().ok_or(format!("package.json has no bundle.{name}"));
    let (file, hash) = (text("file")?, text("sha256")?);
    let home = out.join("npm");
    let path = home.join(BUNDLES).join(file);
    let is_right = || fs::read(&path).is_ok_and(|found| hex(&found) == hash);

    if !is_right() {
        fs::create_dir_all(&home)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(root.join(file), home.join(file))?;
        }
        npm_ci(&home)?;
    }
    if is_right() {
        return Ok(path);
    }
    Err(format!(
        "{} is not the file that package.json names (SHA-256 {hash}): \
         remove that directory and build again, or, after a deliberate update, write the new hash there",
        path.display()
    )
    .into())
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
    let remedy = "Dante carries the official Socket.IO browser client, which npm brings: install Node.js \
                  (which has npm) and build again; a machine without a network needs npm's cache or a mirror";
    let output = npm
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(home)
        .output()
        .map_err(|error| format!("npm could not be started ({error}). {remedy}."))?;
    if !output.status.success() {
        return Err(format!(
            "`npm ci` failed ({}):\n{}\n{remedy}.",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    Ok(())
}

/// Adds every file below `dir`, named by its path with forward slashes.
fn collect(dir: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> Fallible<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).ok_or("a file name in static/ is not UTF-8")?;
        let served = format!("{prefix}/{name}");
        if path.is_dir() {
            collect(&path, &served, files)?;
        } else {
            files.push((served, path));
        }
    }
    Ok(())
}

/// Writes the compressed forms and returns the asset's line of the table.
fn entry(path: &str, source: &Path, out: &Path) -> Fallible<String> {
    let content = fs::read(source)?;
    let hash = &hex(&content)[..16];
    let stem = out.join(path.replace('/', "_"));

    let mut brotli = Vec::new();
    brotli::BrotliCompress(
        &mut content.as_slice(),
        &mut brotli,
        &brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() },
    )?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&content)?;
    let (brotli_file, gzip_file) = (stem.with_added_extension("br"), stem.with_added_extension("gz"));
    fs::write(&brotli_file, brotli)?;
    fs::write(&gzip_file, gzip.finish()?)?;

    let mut line = String::new();
    writeln!(
        line,
        "    Asset {{ path: {path:?}, hash: {hash:?}, identity: include_bytes!({source:?}), brotli: include_bytes!({brotli_file:?}), gzip: include_bytes!({gzip_file:?}) }},",
    )?;
    Ok(line)
}

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
