#!/usr/bin/env bash
# Mutation testing of the pure rooms: each mutant of src/wire and src/chat is shown to their unit
# tests, tests/wire_properties.rs, tests/fuzz_corpus.rs, tests/shards and tests/simulation. All of
# these are built as one test of a copy that has no other rooms, so that a mutant costs seconds.
# Arguments go to `cargo mutants`; `--again` shows once more what survived the last run:
#
#   scripts/mutants.sh --list
#   MUTANT_JOBS=2 scripts/mutants.sh --file 'src/wire/*.rs'
#   MUTANT_JOBS=2 scripts/mutants.sh --again
#
# Each job works in a copy of its own, target/mutants/1 and so on, and leaves its account there.
# What survives here may still fail tests/protocol, which needs the whole program.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${MUTANT_JOBS:-1}
first=$PWD/target/mutants/1

# By their names, with line and column: the source has to be as it was.
again=()
if [ "${1:-}" = --again ]; then
    shift
    while read -r name; do
        again+=(--re "^$(sed 's/[][(){}.*+?^$|\\]/\\&/g' <<<"$name")\$")
    done < <(cat "${first%/*}"/*/mutants.out/{missed,timeout}.txt)
    [ "${#again[@]}" -gt 0 ] || { echo "nothing has survived"; exit; }
fi

# The pure rooms and what tests them, in an empty directory.
mkdir -p "$first/src" "$first/tests"
rm -rf "$first"/src/* "$first"/tests/*
cp -r src/chat src/wire src/limits.rs "$first/src/"
cp -r tests/fuzz tests/fuzz_corpus.rs tests/shards tests/simulation tests/wire_properties.rs "$first/tests/"
rm "$first/tests/fuzz/Cargo.toml"
cp Cargo.lock "$first/"
sed -i 's/\bcrate::/crate::simulation::/' "$first"/tests/simulation/*.rs "$first"/tests/simulation/*/*.rs
sed -i 's/\bcrate::/crate::shards::/' "$first"/tests/shards/*.rs

# A line of our own Cargo.toml for each that these rooms and tests use.
used='hashbrown|icu_casemap|icu_normalizer|icu_properties|jiff|memchr|serde|serde_json|siphasher|slab|subtle'
used="$used|compact_str|itoa|smallvec|unicode-script|unicode-security|proptest|rand"
{
    printf '[package]\nname = "lanline"\nversion = "0.0.0"\nedition = "2024"\nautotests = false\n\n'
    printf '[lib]\ndoctest = false\n\n[workspace]\n\n[dependencies]\n'
    grep -E "^($used) = " Cargo.toml
    # Building is most of a mutant's time: ours is neither optimised nor debugged.
    printf '\n[profile.test]\ndebug = false\nincremental = true\n'
    printf '\n[profile.test.package."*"]\nopt-level = 3\n'
} >"$first/Cargo.toml"
cat >"$first/src/lib.rs" <<'RUST'
#![allow(dead_code)]
pub mod chat;
pub mod limits;
pub mod wire;

#[cfg(test)]
extern crate self as lanline;
#[cfg(test)]
#[path = "../tests/fuzz_corpus.rs"]
mod fuzz_corpus;
#[cfg(test)]
#[path = "../tests/shards/main.rs"]
mod shards;
#[cfg(test)]
#[path = "../tests/simulation/main.rs"]
mod simulation;
#[cfg(test)]
#[path = "../tests/wire_properties.rs"]
mod wire_properties;

/// The first panic says it all: no test goes on behind it.
#[cfg(test)]
#[used]
#[unsafe(link_section = ".init_array")]
static FAIL_FAST: extern "C" fn() = {
    extern "C" fn fail_fast() {
        std::panic::set_hook(Box::new(|panic| {
            eprintln!("{panic}");
            std::process::exit(101);
        }));
    }
    fail_fast
};
RUST

export LANLINE_SIM_SEEDS="${LANLINE_SIM_SEEDS:-100}" PROPTEST_CASES="${PROPTEST_CASES:-64}"
export PROPTEST_FAILURE_PERSISTENCE=off
mutants() {
    local copy=$1
    shift
    cargo mutants --dir "$copy" --output "$copy" --in-place --baseline skip \
        --timeout 900 --build-timeout 3600 "${again[@]}" "$@" -- --lib
}
if [ "${1:-}" = --list ]; then
    mutants "$first" "$@"
    exit
fi
cargo test --quiet --lib --manifest-path "$first/Cargo.toml"
# Nothing stays of an earlier run, whose account would be taken for this one's.
find "${first%/*}" -mindepth 1 -maxdepth 1 ! -path "$first" -exec rm -rf {} +
rm -rf "$first"/mutants.out*
# All copies before the first mutant, which would be copied along; with what is built and its times,
# so that no mutant builds a dependency.
copies=("$first")
for job in $(seq 2 "$jobs"); do
    copies+=("${first%/*}/$job")
    cp -a "$first" "${copies[-1]}"
done
# An endless loop ends by CPU time, so that a busy machine makes no mutant look caught.
ulimit -t "${MUTANT_CPU_SECONDS:-20}"
pids=()
for job in "${!copies[@]}"; do
    share=()
    [ "$jobs" = 1 ] || share=(--shard "$job/$jobs" --sharding round-robin)
    mutants "${copies[$job]}" "${share[@]}" "$@" &
    pids+=($!)
done
# Exit codes of `cargo mutants`: 2 where mutants survived.
code=0
for pid in "${pids[@]}"; do wait "$pid" || code=$?; done
exit "$code"
