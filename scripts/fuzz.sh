#!/usr/bin/env bash
# Fuzzes the targets of tests/fuzz, each for so many seconds, as many at a time as there are cores:
#     scripts/fuzz.sh SECONDS [TARGET...]
# Begins with tests/fuzz/seeds and what earlier runs have kept in tests/fuzz/corpus. A finding ends
# its target and makes an error. Anything else that libFuzzer can do with a target:
#     scripts/fuzz.sh run TARGET ARGUMENTS...
#     scripts/fuzz.sh run ops -minimize_crash=1 -exact_artifact_path=FILE CRASH
# Needs a C++ compiler (libFuzzer is built from its source), and no nightly one of Rust's.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/optional.sh
. scripts/optional.sh

usage() {
    sed -n '2,8s/^# //p' "$0" >&2
    exit 2
}
[ $# -gt 0 ] || usage
if ! command -v c++ >/dev/null; then
    missing "fuzzing (no C++ compiler)"
    exit 0
fi

# As cargo-fuzz builds its targets: counters at every edge, comparisons traced, AddressSanitizer,
# assertions on. The stable compiler takes these unstable options with RUSTC_BOOTSTRAP.
host=$(rustc -vV | sed -n 's/^host: //p')
place=${CARGO_TARGET_DIR:-target}/fuzz
# The versions that the program itself is built with.
cp Cargo.lock tests/fuzz/Cargo.lock
RUSTC_BOOTSTRAP=1 RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0" \
    cargo build --quiet --release --manifest-path tests/fuzz/Cargo.toml --target "$host" --target-dir "$place"
bin=$place/$host/release
# Statics that are in the program twice are no finding.
export ASAN_OPTIONS=detect_odr_violation=0

if [ "$1" = run ]; then
    [ $# -gt 1 ] || usage
    target=$2
    shift 2
    exec "$bin/$target" "$@"
fi

seconds=$1
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(ops framer packet name handshake)

fuzz() { # TARGET SECONDS BIN
    local target=$1 seconds=$2 bin=$3 corpus=tests/fuzz/corpus/$1 log=tests/fuzz/corpus/$1.log weighing=1
    local artifacts=tests/fuzz/artifacts/$1
    # Weighing inputs by how rare they are takes half the time where each reaches thousands of places.
    [ "$target" != ops ] || weighing=0
    mkdir -p "$corpus" "$artifacts"
    if ! "$bin/$target" -artifact_prefix="$artifacts/" -max_total_time="$seconds" -entropic="$weighing" \
        -timeout=300 -print_final_stats=1 "$corpus" "tests/fuzz/seeds/$target" >"$log" 2>&1; then
        tail -n 200 "$log"
        echo "$target: found something; CONTRIBUTING.md says how it becomes a seed"
        return 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: $runs runs in $seconds s, $(find "$corpus" -type f | wc -l) inputs kept, nothing found"
}
export -f fuzz
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "fuzz {} $seconds $bin"
