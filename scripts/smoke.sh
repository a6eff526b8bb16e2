#!/usr/bin/env bash
# A smoke run of the real program: it starts, two people talk, a client that half-closes gets its
# answers, it stops with exit code 0.
set -euo pipefail
lanline=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/release/lanline}")
place=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$place"' EXIT

"$lanline" serve --listen 127.0.0.1:0 >"$place/out" 2>"$place/log" &
server=$!
for _ in $(seq 200); do
    grep -q '^listening on ' "$place/out" && break
    kill -0 "$server" || { cat "$place/log"; exit 1; }
    read -rt 0.05 <> <(:) || true
done
port=$(sed -n 's/^listening on .*://p' "$place/out")
[ -n "$port" ] || { echo "it never listened"; cat "$place/log"; exit 1; }

packet() { printf '{"from":{"name":"%s","ip":""},"to":"%s","msg":"%s"}' "$1" "$2" "$3"; }
answers=$({ printf 'alice\n'; packet alice alice hello; packet alice /time ''; } | nc -N 127.0.0.1 "$port")
echo "$answers"
grep -q '"/welcome".*lanline/' <<<"$answers"
grep -q '"name":"alice","ip":"127.0.0.1"},"to":"alice","msg":"hello"' <<<"$answers"
grep -q '"/time"' <<<"$answers"

kill -TERM "$server"
wait "$server"
echo "exit code 0; its log:"
cat "$place/log"
