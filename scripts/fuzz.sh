#!/usr/bin/env bash
# Fuzzes the targets of tests/fuzz, each for so many seconds, as many at a time as there are cores:
#     scripts/fuzz.sh SECONDS [TARGET...]
# Begins with tests/fuzz/seeds and what earlier runs have kept in tests/fuzz/corpus. A finding ends
# its target and makes an error; where there can be no fuzzer, it says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?"usage: scripts/fuzz.sh SECONDS [TARGET...]"}
shift
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(ops framer packet name)

cannot() { echo "not fuzzed: $*"; exit 0; }

# Sanitizers and the coverage that guides a fuzzer are unstable options; with this the stable
# compiler takes them.
export RUSTC_BOOTSTRAP=1
# The versions that the program itself is built with.
cp Cargo.lock tests/fuzz/Cargo.lock
command -v c++ >/dev/null || cannot "no C++ compiler (libFuzzer is built from its source)"
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-fuzz ||
    cannot "cargo-fuzz can't be installed"
cargo fetch --quiet --manifest-path tests/fuzz/Cargo.toml || cannot "libfuzzer-sys can't be fetched"
cargo fuzz build --fuzz-dir tests/fuzz

fuzz() {
    local target=$1 seconds=$2 corpus=tests/fuzz/corpus/$1 log=tests/fuzz/corpus/$1.log
    # Weighing inputs by how rare they are takes half the time where each reaches thousands of places.
    local weighing=$([ "$target" = ops ] && echo 0 || echo 1)
    mkdir -p "$corpus"
    if ! cargo fuzz run --fuzz-dir tests/fuzz "$target" "$corpus" "tests/fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -entropic="$weighing" -timeout=300 -print_final_stats=1 >"$log" 2>&1; then
        tail -n 200 "$log"
        echo "$target: found something; CONTRIBUTING.md says how it becomes a seed"
        return 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: $runs runs in $seconds s, $(ls "$corpus" | wc -l) inputs kept, nothing found"
}
export -f fuzz
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "fuzz {} $seconds"
