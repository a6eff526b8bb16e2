#!/usr/bin/env bash
# Makes docs/client.svg from a real screen: a server, four people, one terminal.
#
#   scripts/picture.sh [PATH/TO/lanline]          (default: target/release/lanline)
#
# Needs tmux and cargo; ends what it starts.
set -euo pipefail

lanline=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/release/lanline}")
deadline_seconds=20
work=$(mktemp -d)
tmux_name="lanline-picture-$$"
server_pid=

tmux() { command tmux -L "$tmux_name" -f /dev/null "$@"; }

end() {
    if [ -n "$server_pid" ]; then kill "$server_pid" 2>/dev/null || true; fi
    tmux kill-server 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT

wait_until() {
    local until=$((SECONDS + deadline_seconds))
    until "$@"; do
        if [ "$SECONDS" -ge "$until" ]; then
            echo "FAILED: $*" >&2
            exit 1
        fi
        sleep 0.05
    done
}

shows() { tmux capture-pane -p -t "$1" | grep -qF -- "$2"; }
type_line() {
    tmux send-keys -t "$1" -l -- "$2"
    tmux send-keys -t "$1" Enter
}

"$lanline" serve --listen 127.0.0.1:0 >"$work/out" 2>/dev/null &
server_pid=$!
wait_until grep -q "^listening on " "$work/out"
address=$(sed -n 's/^listening on //p' "$work/out" | head -n 1)

# person NAME COLUMNS [FLAG]...
person() {
    tmux -u new-session -d -s "$1" -x "$2" -y 22 \
        env TERM=screen-256color XDG_CONFIG_HOME="$work" "$lanline" chat "${@:3}" "$1@$address"
}

for name in bob Éva 李雷; do
    person "$name" 80 --lines
    wait_until shows "$name" "/welcome: $name"
    type_line "$name" "/join #ops"
    wait_until shows "$name" "/join: #ops"
done
person ann 104
wait_until shows ann "Connected to"
type_line ann "/join #ops"
wait_until shows ann "4 in this room"

# says NAME WORDS SEEN: and ann sees it.
says() {
    type_line "$1" "$2"
    wait_until shows ann "$3"
}
says bob "Morning! The printer on the second floor is out of paper again, and nobody knows where the key to the cupboard is." "Morning!"
says ann "I have it. Who needs it?" "Who needs it?"
says Éva "ann: me, please 🙏" "me, please"
says 李雷 "我也需要。三楼的打印机也没有纸了。" "三楼"
says bob "@ann psst: coffee first?" "1@1"
says ann "@zoe are you in today?" "not delivered"
tmux send-keys -t ann M-2
wait_until shows ann "三楼"
says Éva "@/broadcast The kitchen has cake. It is Bob's birthday." "BROADCAST"
tmux send-keys -t ann -l "On my way, with the "
wait_until shows ann "with the"

tmux capture-pane -e -N -p -t ann | cargo run --quiet --example screen_svg -- 104 22 >"$work/svg"
cp "$work/svg" docs/client.svg
tmux capture-pane -p -t ann
