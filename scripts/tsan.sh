#!/usr/bin/env bash
# The protocol's tests against the real program, and both built with ThreadSanitizer, the standard
# library too: fails where two threads of the server touch the same memory at the same time.
#     scripts/tsan.sh [TEST NAMES...]
# The sandbox is off: the sanitizer needs calls that it closes. Without the sources of the standard
# library there can be no such build; then it says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/optional.sh
. scripts/optional.sh
cannot() { not_run "$*"; exit 0; }

target=$(rustc -vV | sed -n 's/^host: //p')
[ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] ||
    rustup component add rust-src >/dev/null 2>&1 || cannot "no rust-src"

place=$(realpath -m "${CARGO_TARGET_DIR:-target}")/tsan
mkdir -p "$place"
rm -f "$place"/report.*
# The stable compiler takes unstable options with this.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=thread"
export CARGO_TARGET_DIR=$place
export TSAN_OPTIONS="log_path=$place/report exitcode=66 second_deadlock_stack=1"
export LANLINE_SANDBOX=off
cargo test --locked -Zbuild-std --target "$target" --test protocol -- "$@" || failed=$?

reports=$(find "$place" -maxdepth 1 -name 'report.*')
if [ -n "$reports" ]; then
    head -n 80 $reports
    echo "reports: $(cat $reports | grep -c '^WARNING: ThreadSanitizer')"
    exit 1
fi
[ -z "${failed:-}" ] || echo "no race, and tests failed all the same (see above)"
exit "${failed:-0}"
