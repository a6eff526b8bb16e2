#!/usr/bin/env bash
# The client and the tools on systems that aren't Linux:
# scripts/check-elsewhere.sh [SERVER [WINDOWS_PROGRAM]]
#
#   1. they compile for Windows and macOS without a warning (macOS: with clang)
#   2. with mingw (Debian: gcc-mingw-w64-x86-64) the Windows program is linked, unless it is given
#   3. with wine it runs: against SERVER, a lanline of this machine, over loopback
#
# What was not run is said, and why.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/optional.sh
. scripts/optional.sh
windows=x86_64-pc-windows-gnu
macos=aarch64-apple-darwin
target_dir=${CARGO_TARGET_DIR:-target}

step() { printf '\n-- %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

if have rustup; then rustup target add "$windows" "$macos" >/dev/null 2>&1 || true; fi
# A little C is compiled for macOS too: checking it wants no system's headers but this one.
headers=$(mktemp -d)
echo '#define TARGET_OS_OSX 1' >"$headers/TargetConditionals.h"
export SDKROOT=/ CC_aarch64_apple_darwin=clang AR_aarch64_apple_darwin=ar
export CFLAGS_aarch64_apple_darwin="-nostdlibinc -DRING_CORE_NOSTDLIBINC=1 -I$headers"
for target in "$windows" "$macos"; do
    step "clippy for $target"
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        missing "clippy for $target: rustup target add $target"
        continue
    fi
    if [ "$target" = "$macos" ] && ! have clang; then
        missing "clippy for $target: apt-get install clang"
        continue
    fi
    cargo clippy --locked --package lanline --lib --bin lanline --target "$target" -- -D warnings
done
rm -r "$headers"
unset SDKROOT

step "the Windows program"
if ! have x86_64-w64-mingw32-gcc; then
    missing "linking for Windows: apt-get install gcc-mingw-w64-x86-64"
    exit 0
fi
program=${2:-}
if [ -z "$program" ]; then
    cargo build --locked --bin lanline --target "$windows"
    program=$target_dir/$windows/debug/lanline.exe
fi
# Nothing that a fresh Windows 10 doesn't have.
needed=$(x86_64-w64-mingw32-objdump -p "$program" | sed -n 's/.*DLL Name: //p' | tr '[:upper:]' '[:lower:]' | sort -u)
echo "$needed" | tr '\n' ' '
strange=$(grep -vE '^(api-ms-win-.*|advapi32|bcrypt|bcryptprimitives|combase|crypt32|kernel32|msvcrt|ntdll|ole32|oleaut32|shell32|user32|userenv|ws2_32)(\.dll)?$' <<<"$needed" || true)
[ -z "$strange" ] || { echo "the program needs $strange"; exit 1; }

step "the Windows program in wine"
if ! have wine; then
    missing "the Windows program: apt-get install wine wine64"
    exit 0
fi
native=${1:-}
if [ -z "$native" ]; then
    cargo build --locked --bin lanline
    native=$target_dir/debug/lanline
fi
place=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    WINEPREFIX=$place/prefix timeout 20 wineserver --kill 2>/dev/null || true
    rm -rf "$place"
}
trap cleanup EXIT
export WINEPREFIX=$place/prefix WINEDEBUG=-all
cp "$program" "$place/"
# Debian's wine is older than this library, which Rust's own asks for random numbers.
x86_64-w64-mingw32-gcc -shared -o "$place/bcryptprimitives.dll" -x c - -ladvapi32 <<'C'
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
    return RtlGenRandom(data, (ULONG)size);
}
C
lanline_exe() { (cd "$place" && timeout 60 wine lanline.exe "$@" | tr -d '\r'; exit "${PIPESTATUS[0]}"); }
expect() { # WORDS PATTERN: what was printed has it
    grep -q "$2" <<<"$1" || { echo "expected $2, not: $1"; exit 1; }
}

lanline_exe --version >/dev/null 2>&1 || true # the first run makes the folder of settings
expect "$(lanline_exe --version)" '^lanline [0-9]'

"$native" serve --listen 127.0.0.1:0 >"$place/out" 2>"$place/log" &
server=$!
for _ in $(seq 200); do
    grep -q '^listening on ' "$place/out" && break
    kill -0 "$server" || { cat "$place/log"; exit 1; }
    read -rt 0.05 <> <(:) || true
done
address=127.0.0.1:$(sed -n 's/^listening on .*://p' "$place/out")

expect "$(lanline_exe health "$address")" 'well'
expect "$(lanline_exe time --server "ann@$address")" '^20..-'
expect "$(printf '@bob hello from a pipe\n/join #ops\n/list\n/quit\n' | lanline_exe chat "bob@$address")" '^bob: hello from a pipe'
expect "$(lanline_exe send /help x --server "ann@$address")" /list
expect "$(lanline_exe list --json --server "ann@$address")" '^\[\]'
if said=$(lanline_exe serve 2>&1); then
    echo "serve ended well: $said"
    exit 1
fi
expect "$said" 'needs Linux'
echo "it runs"
