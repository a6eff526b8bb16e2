#!/usr/bin/env bash
# A newcomer's evening in a real terminal: two people talk, paste, write in many scripts,
# are stopped and go on; one crashes and finds their own ghost, writes while the network is
# away; one is kicked; the server restarts. Keys go in by tmux, screens are read back.
#
#   scripts/tmux-session.sh [PATH/TO/lanline]     (default: target/release/lanline)
#
# Starts its own server on a free port and its own tmux; ends both. Every wait
# looks again and again until its deadline. Exit code 0 if all was as it should be.
set -euo pipefail

lanline=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/release/lanline}")
deadline_seconds=20
work=$(mktemp -d)
tmux_name="lanline-session-$$"
server_pid=
relay_pid=

tmux() { command tmux -u -L "$tmux_name" -f /dev/null "$@"; }

end() {
    for pid in $server_pid $relay_pid; do kill "$pid" 2>/dev/null || true; done
    tmux kill-server 2>/dev/null || true
    rm -rf "$work"
}
trap end EXIT

# wait_until WHAT COMMAND...: until the command succeeds, or the deadline.
wait_until() {
    local what=$1
    local until=$((SECONDS + deadline_seconds))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$until" ]; then
            echo "FAILED: $what" >&2
            for who in ann bob carl; do
                echo "--- the screen of $who" >&2
                tmux capture-pane -p -t "$who" >&2 || true
            done
            exit 1
        fi
        sleep 0.05
    done
    echo "ok: $what"
}

shows() { tmux capture-pane -p -t "$1" | grep -qF -- "$2"; }
shows_not() { ! shows "$1" "$2"; }
sees() { wait_until "$1 sees: $2" shows "$1" "$2"; }
type_line() {
    tmux send-keys -t "$1" -l -- "$2"
    tmux send-keys -t "$1" Enter
}

start_server() {
    : >"$work/out"
    LANLINE_OPERATOR_TOKEN=open-sesame "$lanline" serve --listen "$1" \
        >"$work/out" 2>>"$work/log" &
    server_pid=$!
    wait_until "the server listens" grep -q "^listening on " "$work/out"
    address=$(sed -n 's/^listening on //p' "$work/out" | head -n 1)
}

stop_server() {
    kill -TERM "$server_pid"
    wait "$server_pid"
    server_pid=
}

client() {
    tmux "${@:2}" -s "$1" -x 100 -y 24 \
        env -u LANLINE_NAME -u LANLINE_SERVER XDG_CONFIG_HOME="$work" XDG_STATE_HOME="$work" \
        "$lanline" chat "$1@$address"
}

start_server 127.0.0.1:0
client ann new-session -d
client bob new-session -d
sees ann "Connected to $address as ann"
sees bob "Connected to $address as bob"

# Two people talk, alone and in a room.
type_line ann "@bob hello from ann"
sees ann "written to bob"
sees bob "1 for you"
tmux send-keys -t bob M-a
sees bob "hello from ann"
sees bob "new since"
type_line bob "hello yourself"
type_line ann "/to bob"
sees ann "hello yourself"
for who in ann bob; do type_line "$who" "/join #ops"; done
sees ann "You are in #ops"
sees bob "You are in #ops"
type_line bob "the printer is on fire"
sees ann "the printer is on fire"

# A line that can't arrive is marked; an unknown command says what is near.
type_line ann "@nobody are you there?"
sees ann "not delivered to nobody: Nobody of that name is here."
type_line ann "/jion #ops"
sees ann "did you mean /join?"
tmux send-keys -t ann C-u

# A broadcast stays until it is acknowledged.
type_line ann "/operator open-sesame"
sees ann "/operator │ ok"
type_line ann "/broadcast fire drill at noon"
sees bob "BROADCAST"
tmux send-keys -t bob Escape
wait_until "bob has put the banner away" shows_not bob "BROADCAST"

# Several pasted lines are asked about, in terminals that mark them and in others.
tmux set-buffer "$(printf 'one\n/quit\ntwo')"
tmux paste-buffer -p -t bob
sees bob "Send 3 pasted lines to #ops?"
tmux send-keys -t bob Escape
sees bob "not sent"
tmux paste-buffer -t bob
sees bob "Send 3 pasted lines to #ops?"
tmux send-keys -t bob Enter
sees ann "/quit"

# Whatever is written, nothing gets out of its place: painted anew, it is the same.
picture() { tmux capture-pane -p -t ann | head -n 20; }
is_as_before() { [ "$(picture)" = "$before" ]; }
paints_the_same() {
    before=$(picture)
    # Somebody else wipes the screen, so that the old picture isn't taken for the new.
    printf '\033[2J' >"$(tmux display-message -p -t ann '#{pane_tty}')"
    tmux send-keys -t ann C-l
    wait_until "painted anew, $1 looks the same" is_as_before
}
for text in "ขอน้ำเย็น ทำงาน คำถามสำคัญ thai" "नमस्ते दुनिया क्षत्रिय hindi" "தமிழ் மொழி கௌ tamil" \
    "မြန်မာဘာသာ ကျွန်ုပ် burmese" "ﾊﾝｶｸ ｶﾞｷﾞｸﾞ kana" "👩🏽‍❤️‍💋‍👨🏼👩🏽‍❤️‍💋‍👨🏼 🇫🇷 ✈️ 1️⃣ emoji"; do
    type_line bob "$text"
    # A terminal may show less of joined emoji.
    sees ann "${text##* }"
    paints_the_same "$text"
done
for step in "M-1 $address" "M-2 bob" "C-n #ops" "C-n nobody"; do
    tmux send-keys -t ann "${step%% *}"
    sees ann "[${step#* }]"
    paints_the_same "the conversation of ${step#* }"
done
type_line ann "/to #ops"
sees ann "[#ops]"

# A window of another size; the mouse; the help.
tmux resize-window -t ann -x 50 -y 12
wait_until "the narrow window has no sides" shows_not ann "1 $address"
tmux resize-window -t ann -x 100 -y 24
sees ann "1 $address"
type_line ann "/help"
sees ann "/msg NAME text"
tmux send-keys -t ann Escape
wait_until "the help is closed" shows_not ann "/msg NAME text"

# Stopped, and brought back by the shell.
tmux new-session -d -s carl -x 100 -y 24 "bash --norc"
type_line carl "XDG_CONFIG_HOME=$work XDG_STATE_HOME=$work $lanline chat carl@$address"
sees carl "Connected to $address as carl"
tmux send-keys -t carl C-z
sees carl "Stopped"
type_line carl "fg"
sees carl "Connected to $address as carl"
type_line carl "@bob back again"
sees carl "written to bob"
type_line carl "/quit"
wait_until "carl has left" shows_not carl "Connected"
tmux kill-session -t carl

# A network of their own for carl: it doesn't say when a client has crashed, and it can fail.
cat >"$work/relay.py" <<'RELAY'
import socket, sys, threading

host, port = sys.argv[1].rsplit(":", 1)
door = socket.create_server(("127.0.0.1", int(sys.argv[2])))
print(door.getsockname()[1], flush=True)
kept = []


def copy(source, sink, is_last):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    if is_last:
        sink.close()


while True:
    client, server = door.accept()[0], socket.create_connection((host, int(port)))
    kept.append(server)  # and never closed
    for way in ((client, server, False), (server, client, True)):
        threading.Thread(target=copy, args=way, daemon=True).start()
RELAY
start_relay() { # PORT
    : >"$work/relay"
    python3 "$work/relay.py" "$address" "$1" >"$work/relay" &
    relay_pid=$!
    wait_until "the relay listens" test -s "$work/relay"
}
stop_relay() {
    kill "$relay_pid"
    wait "$relay_pid" || true
    relay_pid=
}
start_relay 0
relayed=127.0.0.1:$(cat "$work/relay")
tmux new-session -d -s carl -x 100 -y 24 "bash --norc"
chat_as_carl() { type_line carl "clear; XDG_CONFIG_HOME=$work XDG_STATE_HOME=$1 $lanline chat carl@$relayed"; }
chat_as_carl "$work"
sees carl "Connected to $relayed as carl"

# The client crashes, and the server goes on holding the name. Whoever was that takes it back;
# anybody else is told until when it is held.
secret_is_kept() { [ -n "$(find "$work/lanline/resume" -name 'carl*' -size +0)" ]; }
wait_until "carl's client has what takes the name back" secret_is_kept
kill -KILL "$(pgrep -P "$(tmux display-message -p -t carl '#{pane_pid}')")"
sees carl "Killed"
tmux send-keys -t carl -l "$(printf 'stty sane; printf "\\033c"')"
tmux send-keys -t carl Enter
chat_as_carl "$work/nobody"
sees carl "the server gives it up within"
chat_as_carl "$work"
sees carl "Connected to $relayed as carl"

# The network fails. What is written meanwhile goes out, but for what was taken back.
type_line carl "/join #ops"
sees carl "You are in #ops"
stop_relay
sees carl "Connection lost"
type_line carl "written in the dark"
sees carl "1 line waiting"
type_line carl "better not said"
sees carl "2 lines waiting"
type_line carl "/cancel"
sees carl "taken back, not sent"
tmux send-keys -t carl C-u
start_relay "${relayed##*:}"
sees carl "may be missing"
sees bob "written in the dark"
shows_not bob "better not said" || { echo "FAILED: what was taken back was sent" >&2; exit 1; }
type_line carl "/quit"
wait_until "carl has left" shows_not carl "Connected"
tmux kill-session -t carl
stop_relay

# One is kicked, stays away, and comes back when he wants to.
type_line ann "/kick bob no fires here"
sees bob "You were sent away: no fires here"
type_line bob "/reconnect"
sees bob "Connected again"
wait_until "bob is there again" shows bob "2 users"

# The server restarts: both come back, with their rooms and drafts.
tmux send-keys -t bob -l "half a line"
stop_server
sees ann "Connection lost"
sees bob "not connected, trying again in"
start_server "$address"
sees ann "2 users"
sees bob "2 users"
sees ann "may be missing"
sees bob "may be missing"
sees bob "half a line"
tmux send-keys -t bob C-u
type_line bob "/to #ops"
sees bob "[#ops]"
type_line bob "we are back"
type_line ann "/to #ops"
sees ann "we are back"

type_line ann "/quit"
type_line bob "/quit"
wait_until "both have left" bash -c "! command tmux -L '$tmux_name' list-sessions >/dev/null 2>&1"
stop_server
echo "The session was as it should be."
