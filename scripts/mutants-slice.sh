#!/usr/bin/env bash
# A slice of the mutants, other ones for each commit: what CI shows to the tests each time.
#
#   scripts/mutants-slice.sh [SECONDS]
#
# The slice of a commit is always the same: its hash says which. After so many seconds (240) no
# further part is begun and the one under way is ended; what was shown by then counts. Each part says
# what was shown, and the last line sums up. A part all of whose mutants were shown before, and whose
# survivors are in tests/mutants.toml, makes the exit code 1 where another one survives; survivors of
# the other parts are only named. Without cargo-mutants nothing is shown, and it says so; with
# CI=true it is installed into target/tools first, which takes longer than the slice.
set -euo pipefail
cd "$(dirname "$0")/.."
budget=${1:-240}
cargo_mutants=target/tools/bin/cargo-mutants

# Mutants of each part that are shown: some two seconds, ten seconds and a minute each.
parts=(account pure)
complete=(account)
declare -A count=([account]=30 [pure]=16 [client]=3 [net]=3 [tools]=3)

if ! [ -x $cargo_mutants ] && ! cargo mutants --version >/dev/null 2>&1; then
    if [ "${CI:-}" = true ]; then
        cargo install --locked --quiet --root target/tools cargo-mutants
    else
        echo "mutants: none shown, no cargo-mutants here (cargo install --locked cargo-mutants)"
        exit
    fi
fi

hash=$((16#$(git rev-parse --short=8 HEAD)))
# The parts that take a copy of everything take turns.
whole=(client net tools)
parts+=("${whole[hash % ${#whole[@]}]}")

end=$((SECONDS + budget))
summary=() code=0
for part in "${parts[@]}"; do
    left=$((end - SECONDS))
    if [ "$left" -le 10 ]; then
        summary+=("$part: not shown, no time left")
        continue
    fi
    all=$(scripts/mutants.sh "$part" --list | wc -l)
    slices=$(((all + count[$part] - 1) / count[$part]))
    slice=$((hash % slices))
    out=target/mutants/$part/1/mutants.out
    rm -rf "$out"
    echo "== $part, slice $slice of $slices"
    # These find their dependencies where the tests have left them.
    if [[ " ${whole[*]} " == *" $part "* ]]; then export CARGO_TARGET_DIR=$PWD/target; fi
    # An interrupted run keeps its account of what it has shown.
    timeout --signal INT "$left" scripts/mutants.sh "$part" --shard "$slice/$slices" --sharding round-robin || true
    shown() { cat "$out/$1.txt" 2>/dev/null | wc -l; }
    survived=$(($(shown missed) + $(shown timeout)))
    summary+=("$part: $(($(shown caught) + survived)) of $all shown, $survived survived")
    if [ "$survived" != 0 ] && [[ " ${complete[*]} " == *" $part "* ]]; then code=1; fi
done
echo "mutants (slice ${hash}): $(printf '%s; ' "${summary[@]}")"
exit $code
