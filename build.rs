//! Gathers what the binary carries: our own files from `static/`, bundled for the wire, and the official
//! Socket.IO browser client, each with its hash and its precompressed forms, as one table of assets.
//!
//! Neither the client library nor the bundler, [esbuild](https://esbuild.github.io), is in the repository. `package.json` and
//! `package-lock.json` pin them; here they are installed with npm (once per build directory, no scripts run). The lock file holds the hash
//! of each package; that of the client's bundles, which are handed on as they are, stands in `package.json`, too.

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

/// What pages load, below `static/`: each of these files is served with all that it imports in it, as one file, so that a visit takes few
/// requests. A page's new script or style is a line here, and a tag in its template.
const ENTRIES: [&str; 12] = [
    "js/read.js",
    "js/compare.js",
    "js/hello.js",
    "js/rooms.js",
    "css/dante.css",
    "css/read.css",
    "css/compare.css",
    "css/hello.css",
    "css/present.css",
    "css/room.css",
    "css/rooms.css",
    "css/noscript.css",
];

/// What modules may be written in: no newer than the sources themselves, whatever would be shorter. Each says when all of it has run: see
/// `static/js/guard.js`.
const MODULES: [&str; 4] = [
    "--format=esm",
    "--target=es2022",
    "--sourcemap=linked",
    "--footer:js=document.documentElement.dataset.started=\"\";document.dispatchEvent(new Event(\"started\"));",
];

/// What every page loads first, for browsers of every age.
const GUARD: (&str, [&str; 2]) = ("js/guard.js", ["--format=iife", "--target=es5"]);

/// What npm is for here.
const NPM_REASON: &str =
    "Dante carries the official Socket.IO browser client, which the build takes from the npm registry.";

/// What shows that npm has installed the bundler.
const BUNDLER: &str = "node_modules/esbuild/bin/esbuild";

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

    let home = out.join("npm");
    let library = client_library(&root, &home)?;
    let mut assets = own_files(&root.join("static"), &out.join("bundles"), &home)?;
    let static_hash = hash_of_all(&assets);
    for ((_, path), content) in SERVED.iter().zip(library) {
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

/// Our own files as they are served: scripts and styles bundled, all others as they are.
fn own_files(sources: &Path, bundles: &Path, home: &Path) -> Fallible<BTreeMap<String, Vec<u8>>> {
    // What an entry that is gone has left behind.
    if bundles.exists() {
        fs::remove_dir_all(bundles)?;
    }
    let (scripts, styles): (Vec<_>, Vec<_>) = ENTRIES.iter().partition(|entry| entry.ends_with(".js"));
    bundle(sources, bundles, home, &scripts, &MODULES)?;
    bundle(sources, bundles, home, &styles, &[])?;
    bundle(sources, bundles, home, &[GUARD.0], &GUARD.1)?;

    let mut files = BTreeMap::new();
    collect(sources, "static", &mut files)?;
    files.retain(|path, _| !path.ends_with(".js") && !path.ends_with(".css"));
    collect(bundles, "static", &mut files)?;
    let mut assets = BTreeMap::new();
    for (path, source) in files {
        let content = fs::read(source)?;
        let content = if path.ends_with(".map") { portable(&content)? } else { content };
        assets.insert(path, content);
    }
    Ok(assets)
}

/// Bundles entries, each into a file of the same name below `bundles`.
fn bundle(sources: &Path, bundles: &Path, home: &Path, entries: &[&str], more: &[&str]) -> Fallible<()> {
    let mut node = Command::new("node");
    node.arg(home.join(BUNDLER)).args(entries).args(more).arg(format!("--outdir={}", bundles.display()));
    node.args(["--bundle", "--minify", "--outbase=.", "--charset=utf8", "--log-level=warning"]);
    let output = node.current_dir(sources).output().map_err(|error| cannot_start("node", &error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{entries:?} can't be bundled ({}):\n{}", output.status, said.trim_end()).into());
    }
    for line in said.lines() {
        println!("cargo::warning={line}");
    }
    Ok(())
}

/// The map of a bundle, naming its sources by their paths below `static/`: as the bundler writes it, it tells where this machine has them,
/// and would be another one on each.
fn portable(map: &[u8]) -> Fallible<Vec<u8>> {
    let mut map: serde_json::Value = serde_json::from_slice(map)?;
    for source in map["sources"].as_array_mut().ok_or("a map of a bundle has no sources")? {
        let path = source.as_str().unwrap_or_default();
        let own = path.rsplit_once("static/").ok_or_else(|| format!("{path} is not in static/"))?.1;
        *source = format!("source/{own}").into();
    }
    Ok(serde_json::to_vec(&map)?)
}

/// What stands for all files in URLs: it changes when any of them does, so that they may name each other by relative URLs and be cached for
/// ever.
fn hash_of_all(assets: &BTreeMap<String, Vec<u8>>) -> String {
    let all: String = assets.iter().map(|(path, content)| format!("{path} {}\n", hex(content))).collect();
    short_hash(all.as_bytes())
}

/// Installs what npm has for us, unless it is there, and returns the client's bundles, checked, in the order of [`SERVED`].
fn client_library(root: &Path, home: &Path) -> Fallible<[Vec<u8>; SERVED.len()]> {
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(root.join("package.json"))?)?;
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
    let mut is_there = home.join(BUNDLER).exists();
    for file in ["package.json", "package-lock.json"] {
        is_there &= fs::read(root.join(file))? == fs::read(home.join(file)).unwrap_or_default();
    }
    for (file, _) in SERVED {
        is_there = read(file)?.is_ok() && is_there;
    }
    if !is_there {
        fs::create_dir_all(home)?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(root.join(file), home.join(file))?;
        }
        npm_ci(home)?;
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
    // The bundler's program for this machine is an optional package, which npm may have been told to leave out.
    npm.args(["ci", "--ignore-scripts", "--include=optional", "--no-audit", "--no-fund"]).current_dir(home);
    let output = npm.output().map_err(|error| cannot_start("npm", &error))?;
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

fn cannot_start(program: &str, error: &io::Error) -> String {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "it is not on the PATH".to_owned(),
        _ => error.to_string(),
    };
    format!(
        "{program} can't be started: {reason}.\n{NPM_REASON}\n\
         Install Node.js 20 or later, which has npm (https://nodejs.org), and build again."
    )
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
