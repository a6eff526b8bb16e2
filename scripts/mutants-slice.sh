#!/usr/bin/env bash
# A slice of the mutants (scripts/mutants.sh), other ones for each commit: what CI shows to the tests
# each time.
#
#   scripts/mutants-slice.sh [SECONDS]
#
# The slice of a commit is always the same: its hash says which. After so many seconds (240) no
# further part is begun and the one under way is ended; what was shown by then counts. The last line
# sums up. In a part all of whose mutants were shown before, and whose survivors are in
# tests/mutants.toml, another one that survives makes an error; those of the other parts are named.
# Without cargo-mutants nothing is shown; with CI=true it is built first, below target/.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/optional.sh
. scripts/optional.sh
budget=${1:-240}
target=${CARGO_TARGET_DIR:-target}
case $target in /*) ;; *) target=$PWD/$target ;; esac
PATH=$PATH:$target/cargo-tools/bin

# So many mutants of a part: one takes some two seconds, ten seconds, or a minute.
declare -A count=([account]=30 [pure]=16 [client]=3 [net]=3 [tools]=3)
complete=(account)

if ! cargo mutants --version >/dev/null 2>&1; then
    # Not optimised, it is built in half of the time, and it only starts others.
    if [ "${CI:-}" != true ] || ! cargo install --locked --quiet --debug --root "$target/cargo-tools" cargo-mutants; then
        missing "mutants (no cargo-mutants)"
        exit
    fi
fi

hash=$((16#$(git rev-parse --short=8 HEAD)))
# The parts that take a copy of everything take turns.
whole=(client net tools)
parts=(account pure "${whole[hash % ${#whole[@]}]}")

contains() {
    local wanted=$1 one
    shift
    for one; do if [ "$one" = "$wanted" ]; then return 0; fi; done
    return 1
}

end=$((SECONDS + budget)) summary='' code=0
for part in "${parts[@]}"; do
    left=$((end - SECONDS))
    if [ "$left" -le 10 ]; then
        not_run "mutants of $part (no time left)"
        continue
    fi
    all=$(scripts/mutants.sh "$part" --list | wc -l)
    slices=$(((all + count[$part] - 1) / count[$part]))
    slice=$((hash % slices))
    out=$target/mutants/$part/1/mutants.out
    rm -rf "$out"
    echo "mutants of $part, slice $slice of $slices"
    # These find their dependencies where the tests have left them.
    if contains "$part" "${whole[@]}"; then export MUTANT_TARGET_DIR=$target; fi
    # It keeps its account when it is interrupted.
    timeout --signal INT "$left" scripts/mutants.sh "$part" --shard "$slice/$slices" --sharding round-robin || true
    shown() { cat "$out/$1.txt" 2>/dev/null | wc -l; }
    survived=$(($(shown missed) + $(shown timeout)))
    seen=$(($(shown caught) + survived))
    [ "$seen" != 0 ] || not_run "mutants of $part (no time left)"
    summary="$summary; $part: $seen of $all shown, $survived survived"
    if [ "$survived" != 0 ] && contains "$part" "${complete[@]}"; then code=1; fi
done
echo "mutants of slice $hash$summary"
exit $code
