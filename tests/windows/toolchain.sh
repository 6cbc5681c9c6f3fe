#!/usr/bin/env bash
# Builds Windows programs (x86_64-pc-windows-gnu) on Debian 12, amd64, and runs them under Wine.
#
#   toolchain.sh setup   unpacks compiler, sources of std, linker and Wine into the cache: about 2 minutes, 2.2 GB
#   toolchain.sh env     prints the exports to eval
#   toolchain.sh locked COMMAND...   runs a command while no other does so, since prefix and builds are shared
#
#   eval "$(tests/windows/toolchain.sh env)"
#   cargo build          -> $CARGO_TARGET_DIR/x86_64-pc-windows-gnu/debug/dante.exe (std is built, too, at first)
#   cargo test           -> the tests, built for Windows, run under Wine
#   wine64 dante.exe     ; `kill -INT` reaches it as Ctrl-C
#
# Nothing is installed: apt only downloads (300 MB), and the packages are unpacked. Debian's rustc is used because it
# comes with the sources of the standard library, so that no other channel than apt is needed.
#
# Exit codes: 77 if this machine cannot have the tool chain, with the reason on standard error; 1 if setup failed.
set -euo pipefail

packages=(rustc-web rust-web-clippy rust-web-src gcc-mingw-w64-x86-64-win32 wine64)
home=${XDG_CACHE_HOME:-$HOME/.cache}/dante/windows
target=x86_64-pc-windows-gnu
mingw=x86_64-w64-mingw32

unable() {
  cat >&2 <<END

############################################################################
#
#   NOT TESTED ON WINDOWS: $*
#
#   Nothing that is only for Windows was compiled or run.
#
############################################################################

END
  exit 77
}

# What the tool chain is made of: how it is put together, and the packages' versions, as apt knows them.
ingredients() {
  declare -f unpack wrap make_prefix
  if command -v apt-cache >/dev/null; then
    apt-cache show --no-all-versions "${packages[@]}" 2>/dev/null | grep -E '^(Package|Version):' || true
  fi
}

# The folder of the tool chain that this script would make now. Its name says of what, its file `ready` that it is
# whole. Wrappers and Wine's prefix hold absolute paths, so it is made in place and never moved.
folder() { printf '%s/tools-%s' "$home" "$(ingredients | sha256sum | cut -c1-12)"; }

setup() {
  local tools
  tools=$(folder)
  [ ! -e "$tools/ready" ] || return 0
  command -v apt-get >/dev/null && [ "$(dpkg --print-architecture)" = amd64 ] ||
    unable "The tool chain is made of packages of Debian for amd64; this machine has none."
  [ "$(id -u)" = 0 ] || unable "apt-get downloads packages only for root, and this is $(id -un)."
  apt-get update -qq >&2 || unable "apt-get update failed."
  for package in "${packages[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 || unable "apt knows no package $package; Debian 12 (bookworm) has it."
  done
  tools=$(folder)
  [ ! -e "$tools/ready" ] || return 0

  # Whatever else is there is outdated, or was interrupted.
  rm -rf "$home"/tools-*
  mkdir -p "$tools/debs/partial" "$tools/bin"
  apt-get install -qq -y --no-install-recommends --reinstall --download-only \
    -o Dir::Cache::archives="$tools/debs" -o APT::Sandbox::User=root "${packages[@]}" >&2 || unable "apt-get could not download the packages."
  unpack "$tools"
  wrap "$tools"
  make_prefix "$tools"
  rm -rf "$tools/debs"
  ingredients >"$tools/ready"
}

unpack() {
  local root=$1/root deb
  mkdir "$root"
  for deb in "$1"/debs/*.deb; do
    case $deb in
      # 340 MB, of which only the standard library is wanted.
      */rust-web-src_*) dpkg --fsys-tarfile "$deb" |
        tar -x -C "$root" --wildcards './usr/lib/*' './usr/src/rustc-*/library' ;;
      *) dpkg -x "$deb" "$root" ;;
    esac
  done
  # Debian's is a script with the installed path built in.
  ln -sf wineserver64 "$root/usr/lib/wine/wineserver"
}

# The programs under the names that cargo looks for. LD_LIBRARY_PATH is for the unpacked programs alone.
wrap() {
  local root=$1/root bin=$1/bin library=$1/root/usr/lib/x86_64-linux-gnu name
  for name in rustc rustdoc cargo-clippy clippy-driver; do
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/usr/bin/%s "$@"\n' "$library" "$root" $name >"$bin/$name"
  done
  for name in gcc-win32 ar as ld dlltool windres objdump strip; do
    ln -s "$root/usr/bin/$mingw-$name" "$bin/$mingw-${name%-win32}"
  done
  cat >"$bin/wine64" <<END
#!/bin/sh
export WINEPREFIX=$1/prefix WINEARCH=win64 WINEDEBUG=\${WINEDEBUG:--all} LD_LIBRARY_PATH=$library
export WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d'
unset DISPLAY
exec $root/usr/lib/wine/wine64 "\$@"
END
  cat >"$bin/wineserver" <<END
#!/bin/sh
WINEPREFIX=$1/prefix LD_LIBRARY_PATH=$library exec $root/usr/lib/wine/wineserver64 "\$@"
END
  chmod +x "$bin"/{rustc,rustdoc,cargo-clippy,clippy-driver,wine64,wineserver}
}

make_prefix() {
  local system=$1/prefix/drive_c/windows/system32
  mkdir -p "$system"
  # Rust's std asks bcryptprimitives.dll for random bytes, which Wine 8 does not have.
  "$1/bin/$mingw-gcc" -O2 -s -shared -x c -o "$system/bcryptprimitives.dll" - -ladvapi32 <<'END'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T left) {
  while (left) {
    ULONG count = left > 65536 ? 65536 : (ULONG)left;
    if (!SystemFunction036(bytes, count)) return FALSE;
    bytes += count;
    left -= count;
  }
  return TRUE;
}
END
  # Wine's user32 needs it.
  cp "$1/root/usr/$mingw/lib/zlib1.dll" "$system/"
  timeout 180 "$1/bin/wine64" wineboot -i >&2
  "$1/bin/wineserver" -w
}

environment() {
  local tools
  tools=$(folder)
  if [ ! -e "$tools/ready" ]; then
    echo "The tool chain is not there, or outdated; run tests/windows/toolchain.sh setup" >&2
    exit 1
  fi
  cat <<END
export PATH=$tools/bin:\$PATH RUSTC=$tools/bin/rustc RUSTDOC=$tools/bin/rustdoc
export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind,test
export CARGO_BUILD_TARGET=$target CARGO_TARGET_DIR=${DANTE_WINDOWS_TARGET_DIR:-$home/target}
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$mingw-gcc CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$tools/bin/wine64
export CC_x86_64_pc_windows_gnu=$mingw-gcc AR_x86_64_pc_windows_gnu=$mingw-ar
END
}

# What a command leaves running by mistake does not keep the lock (--close).
locked() {
  [ -z "${DANTE_WINDOWS_LOCKED:-}" ] || exec "$@"
  mkdir -p "$home"
  DANTE_WINDOWS_LOCKED=1 exec flock --close "$home/lock" "$@"
}

case ${1:-} in
  setup) setup ;;
  env) environment ;;
  locked) locked "${@:2}" ;;
  *)
    echo "toolchain.sh setup | env | locked COMMAND..." >&2
    exit 2
    ;;
esac
