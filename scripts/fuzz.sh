#!/usr/bin/env bash
# Fuzzes the targets of tests/fuzz, each for so many seconds, one after the other:
#     scripts/fuzz.sh SECONDS [TARGET...]
# Begins with tests/fuzz/seeds and what earlier runs have kept in tests/fuzz/corpus. Ends with an
# error at the first finding; where there can be no fuzzer, it says so and does nothing.
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

for target in "${targets[@]}"; do
    corpus=tests/fuzz/corpus/$target log=tests/fuzz/corpus/$target.log
    mkdir -p "$corpus"
    if ! cargo fuzz run --fuzz-dir tests/fuzz "$target" "$corpus" "tests/fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=30 -print_final_stats=1 >"$log" 2>&1; then
        tail -n 200 "$log"
        echo "$target: found something; CONTRIBUTING.md says how it becomes a seed"
        exit 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: $runs runs in $seconds s, $(ls "$corpus" | wc -l) inputs kept, nothing found"
done
