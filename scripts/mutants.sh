#!/usr/bin/env bash
# Mutation testing: the code is broken in small ways, one at a time, and each mutant is shown to the
# tests. A part has its own tests, so that a mutant costs as little as can be:
#
#   pure     src/wire, src/chat, src/limits.rs   unit tests, wire_properties, fuzz_corpus, shards, simulation
#   account  stress/src/account                  unit tests
#   client   src/client, src/connect             unit tests, client_screen, client_process
#   net      src/net, src/sandbox                unit tests, protocol, operate
#   tools    the rest of src                     unit tests, operate, client_process
#
# `pure` and `account` are built as one test of a copy that has nothing else: seconds a mutant. The
# others are built in a copy of everything: a minute a mutant. Arguments behind the part go to
# `cargo mutants`; `--again` shows once more what survived the last run of the part:
#
#   scripts/mutants.sh pure --list
#   MUTANT_JOBS=2 scripts/mutants.sh pure --file 'src/wire/*.rs'
#   MUTANT_JOBS=2 scripts/mutants.sh pure --again
#
# Each job works in a copy of its own, target/mutants/PART/1 and so on, leaves its account there, and
# builds below it; with MUTANT_TARGET_DIR, and one job only, it builds there.
# What can't be noticed is in tests/mutants.toml, with its reason, and isn't shown. What survives in
# `pure` may still fail tests/protocol, which needs the whole program.
set -euo pipefail
cd "$(dirname "$0")/.."
part=${1:?"usage: scripts/mutants.sh pure|account|client|net|tools [--again] [OPTION...]"}
shift
jobs=${MUTANT_JOBS:-1}
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
first=$target/mutants/$part/1
# Where scripts/mutants-slice.sh has put it, if it isn't everybody's.
PATH=$PATH:$target/cargo-tools/bin
# The copies have target folders of their own.
unset CARGO_TARGET_DIR
cargo mutants --version >/dev/null || { echo "cargo install --locked cargo-mutants" >&2; exit 2; }

# Of our own Cargo.toml, $1, the lines of those crates that the files below $2... name.
dependencies() {
    local manifest=$1 line name
    shift
    while read -r line; do
        name=${line%% *}
        if grep -rqE "\b${name//-/_}(::|!)|extern crate ${name//-/_}" --include='*.rs' "$@"; then echo "$line"; fi
    done < <(awk '/^\[/ { on = /^\[(dev-)?dependencies\]/ } on && /^[a-z].* = / && !/path = /' "$manifest" | sort -u)
}

# The manifest of a copy with nothing but a library. Building is most of a mutant's time: ours is
# neither optimised nor debugged.
manifest() {
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\nautotests = false\n\n' "$1"
    printf '[lib]\ndoctest = false\n\n[workspace]\n\n[dependencies]\n'
    cat
    printf '\n[profile.test]\ndebug = false\nincremental = true\n'
    printf '\n[profile.test.package."*"]\nopt-level = 3\n'
}

# The first panic ends a test run: no test goes on behind it.
fail_fast() {
    cat <<'RUST'
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
}

copy_pure() {
    mkdir -p "$first/src" "$first/tests"
    rm -rf "$first"/src/* "$first"/tests/*
    cp -r src/chat src/wire src/limits.rs "$first/src/"
    cp -r tests/fuzz tests/fuzz_corpus.rs tests/shards tests/simulation tests/wire_properties.rs "$first/tests/"
    rm "$first/tests/fuzz/Cargo.toml"
    cp Cargo.lock "$first/"
    sed -i 's/\bcrate::/crate::simulation::/' "$first"/tests/simulation/*.rs "$first"/tests/simulation/*/*.rs
    sed -i 's/\bcrate::/crate::shards::/' "$first"/tests/shards/*.rs
    dependencies Cargo.toml "$first/src" "$first/tests" | manifest lanline >"$first/Cargo.toml"
    {
        printf '#![allow(dead_code)]\npub mod chat;\npub mod limits;\npub mod wire;\n\n'
        printf '#[cfg(test)]\nextern crate self as lanline;\n'
        for test in fuzz_corpus.rs shards/main.rs simulation/main.rs wire_properties.rs; do
            module=${test%.rs}
            printf '#[cfg(test)]\n#[path = "../tests/%s"]\nmod %s;\n' "$test" "${module%/main}"
        done
        fail_fast
    } >"$first/src/lib.rs"
}

# The account speaks the wire's vocabulary: both are the crate.
copy_account() {
    mkdir -p "$first/src"
    rm -rf "$first"/src/*
    cp -r src/wire src/limits.rs stress/src/account "$first/src/"
    cp Cargo.lock "$first/"
    dependencies Cargo.toml "$first/src" | cat - <(dependencies stress/Cargo.toml "$first/src") |
        sort -u -t' ' -k1,1 | manifest stress >"$first/Cargo.toml"
    {
        printf '#![allow(dead_code)]\npub mod account;\npub mod limits;\npub mod wire;\n\nextern crate self as lanline;\n'
        fail_fast
    } >"$first/src/lib.rs"
}

# Everything, with its times: cargo goes by these.
copy_all() {
    mkdir -p "$first"
    find "$first" -mindepth 1 -maxdepth 1 ! -name target ! -name 'mutants.out*' -exec rm -rf {} +
    git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null |
        tar --create --files-from - | tar --extract --directory "$first"
}

# Ours are built over and over, whatever CI does.
export CARGO_INCREMENTAL=1
# What tests a part, what it consists of, and CPU time for any one process of it: an endless loop
# ends by that, so that a busy machine makes no mutant look caught.
cpu_seconds=600
package=(--package lanline --test-workspace true)
case $part in
pure)
    copy=copy_pure files=() tests=(--lib) cpu_seconds=20 package=()
    ;;
account)
    copy=copy_account files=('src/account/**') tests=(--lib account) cpu_seconds=20 package=()
    ;;
client)
    copy=copy_all files=('src/client/**' 'src/connect/**')
    tests=(--lib --test client_screen --test client_process)
    ;;
net)
    copy=copy_all files=('src/net/**' 'src/sandbox/**')
    tests=(--lib --test protocol --test operate)
    ;;
tools)
    copy=copy_all files=('src/**')
    tests=(--lib --test operate --test client_process)
    ;;
*)
    echo "no such part: $part" >&2
    exit 2
    ;;
esac
selected=()
for file in "${files[@]}"; do selected+=(--file "$file"); done
if [ "$part" = tools ]; then
    for other in wire chat limits.rs client connect net sandbox; do selected+=(--exclude "src/$other" --exclude "src/$other/**"); done
fi

# By their names, with line and column: the source has to be as it was.
again=()
if [ "${1:-}" = --again ]; then
    shift
    while read -r name; do
        again+=(--re "^$(sed 's/[][(){}.*+?^$|\\]/\\&/g' <<<"$name")\$")
    done < <(cat "${first%/*}"/*/mutants.out/{missed,timeout}.txt)
    [ "${#again[@]}" -gt 0 ] || { echo "nothing has survived"; exit; }
fi

$copy
# CI's profile is that of its own builds.
[ "$copy" = copy_all ] || unset CARGO_PROFILE_DEV_OPT_LEVEL CARGO_PROFILE_DEV_DEBUG
export LANLINE_SIM_SEEDS="${LANLINE_SIM_SEEDS:-100}" PROPTEST_CASES="${PROPTEST_CASES:-64}"
export PROPTEST_FAILURE_PERSISTENCE=off
mutants() {
    local copy=$1
    shift
    CARGO_TARGET_DIR=${MUTANT_TARGET_DIR:-$copy/target} \
        cargo mutants --dir "$copy" --output "$copy" --in-place --baseline skip --no-shuffle \
        --config "$PWD/tests/mutants.toml" \
        --timeout "${MUTANT_TIMEOUT:-900}" --build-timeout 3600 \
        "${package[@]}" "${selected[@]}" "${again[@]}" "$@" -- "${tests[@]}"
}
if [ "${1:-}" = --list ]; then
    mutants "$first" "$@"
    exit
fi
# Unbroken, it has to pass.
CARGO_TARGET_DIR=${MUTANT_TARGET_DIR:-$first/target} \
    cargo test --quiet --workspace "${tests[@]}" --manifest-path "$first/Cargo.toml"
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
ulimit -t "${MUTANT_CPU_SECONDS:-$cpu_seconds}"
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
