#!/usr/bin/env bash
# Makes the bundle and uses it the way its operator would: signed, unpacked in an empty folder, started
# there, installed below another one and taken away; as a container where podman is. What can't be
# checked here is said. BUNDLE=path checks one that is there already. SOURCE=1 builds it from the source
# bundle as well, which takes minutes, and compares.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/optional.sh
. scripts/optional.sh
here=$PWD
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
step() { printf '\n-- %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
fail() { echo "check-bundle: $*" >&2; exit 1; }

place=$(mktemp -d)
pids=()
clean_up() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    if [ -n "${container:-}" ]; then podman rm -f "$container" >/dev/null 2>&1 || true; fi
    rm -rf "$place"
}
trap clean_up EXIT

arch=$(uname -m)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=lanline-$version-$arch

step "the bundle, made twice: the same bytes"
if [ -z "${BUNDLE:-}" ]; then
    ssh-keygen -q -t ed25519 -N '' -C check -f "$place/key"
    SIGN_KEY=$place/key OUT=$place/one scripts/bundle.sh ${SOURCE:+--source} "$arch"
    OUT=$place/two scripts/bundle.sh "$arch"
    cmp "$place/one/$name.tar.gz" "$place/two/$name.tar.gz"
    BUNDLE=$place/one/$name.tar.gz
    step "its signature, as docs/OPERATING.md checks it"
    echo "lanline $(cat "$place/key.pub")" >"$place/signers"
    verify() { ssh-keygen -Y verify -f "$place/signers" -I lanline -n lanline -s "$BUNDLE.sig"; }
    verify <"$BUNDLE"
    if { cat "$BUNDLE"; echo; } | verify >/dev/null 2>&1; then fail "another file has the same signature"; fi
fi
sha256sum "$BUNDLE" | cut -d' ' -f1

if [ -n "${SOURCE:-}" ]; then
    step "built from the source bundle, elsewhere and without a network: the same bytes"
    mkdir "$place/source"
    tar -C "$place/source" -xzf "$place/one/lanline-$version-source.tar.gz"
    (cd "$place/source/lanline-$version-source" &&
        CARGO_NET_OFFLINE=true CARGO_TARGET_DIR=$place/source/target OUT=$place/three scripts/bundle.sh "$arch")
    cmp "$BUNDLE" "$place/three/$name.tar.gz"
fi

step "unpacked in an empty folder"
mkdir "$place/stick"
tar -C "$place/stick" -xzf "$BUNDLE"
bundle=$place/stick/$name
cd "$bundle"
sha256sum --quiet -c SHA256SUMS
for file in bin/lanline bin/stress docs/client.svg docs/STRESS.html monitoring/alerts.yml systemd/lanline.service systemd/lanline.socket lanline.toml compose.yaml \
    Containerfile docs/OPERATING.md docs/OPERATING.html share/man/lanline.1 \
    share/completions/_lanline "image/$name.tar" monitoring/grafana-dashboard.json; do
    [ -s "$file" ] || fail "there is no $file"
done
if grep -rlF -e "$HOME/" -e "$here" . ; then fail "a path of this machine is in there"; fi
echo "$(find . -type f | wc -l) files, $(wc -c <bin/lanline) bytes of program"

step "every local link and picture of the pages is there"
links=0
for page in docs/*.html; do
    while IFS= read -r link; do
        target=${link%%#*} anchor=
        [ "$link" = "$target" ] || anchor=${link#*#}
        [ -e "docs/${target:-${page##*/}}" ] || fail "$page: no $link"
        if [ -n "$anchor" ]; then
            grep -q "id=\"$anchor\"" "docs/${target:-${page##*/}}" || fail "$page: no heading $link"
        fi
        links=$((links + 1))
    done < <(grep -oE '(href|src)="[^"]*"' "$page" | sed 's/^[a-z]*="//; s/"$//' | grep -v '://')
done
echo "$links links"

step "the programs are static"
if have readelf; then
    for program in bin/lanline bin/stress; do
        readelf -lSdW "$program" >"$place/elf"
        if grep -q INTERP "$place/elf"; then fail "$program asks for a dynamic linker"; fi
        if grep -q NEEDED "$place/elf"; then fail "$program asks for libraries"; fi
        if grep -q '\.symtab' "$place/elf"; then fail "$program has symbols"; fi
    done
    echo "no interpreter, no libraries, no symbols"
else
    missing "whether the program is static: no readelf"
fi

wait_for() { # FILE PID: until the line that tells the address; prints it
    for _ in $(seq 400); do
        if grep -q '^listening on ' "$1"; then
            sed -n 's/^listening on //p' "$1"
            return
        fi
        kill -0 "$2" 2>/dev/null || break
        read -rt 0.05 <> <(:) || true
    done
    return 1
}

step "started there, with nothing in the environment"
env -i "$bundle/bin/lanline" --config lanline.toml --listen 127.0.0.1:0 --metrics 127.0.0.1:0 \
    --sandbox auto >"$place/out" 2>"$place/log" &
server=$!
pids+=("$server")
address=$(wait_for "$place/out" "$server") || { cat "$place/log"; fail "it never listened"; }
bin/lanline health "$address"
bin/lanline top "$address" --count 1
bin/stress handshake --server "$address" --users 20 --duration 1
if have promtool; then promtool check rules monitoring/alerts.yml; fi
if have promtool && have curl; then
    url=$(sed -n 's/.*metrics at //p' "$place/log")
    # 3: remarks, since it reads OpenMetrics by the rules of the older format.
    curl -s "$url" | promtool check metrics || [ $? = 3 ] || fail "promtool can't read the metrics"
else
    missing "promtool on the metrics, whose text the tests check by themselves: no promtool or no curl"
fi
cat "$place/log"
kill -TERM "$server"
wait "$server" || fail "it ended with $?"

step "installed below a folder, upgraded, and taken away"
export DESTDIR=$place/root
./install.sh
[ -x "$DESTDIR/usr/local/bin/lanline" ] || fail "nothing was installed"
echo 'rate = 77' >"$DESTDIR/etc/lanline/lanline.toml"
./install.sh
grep -q 77 "$DESTDIR/etc/lanline/lanline.toml" || fail "the site's settings are gone"
echo 'rat = 77' >"$DESTDIR/etc/lanline/lanline.toml"
echo old >"$DESTDIR/usr/local/bin/lanline"
if ./install.sh; then fail "it was installed over settings that it can't read"; fi
grep -q old "$DESTDIR/usr/local/bin/lanline" || fail "the old program was replaced"
./install.sh uninstall
left=$(cd "$DESTDIR" && find . -type f)
[ "$left" = ./etc/lanline/lanline.toml ] || fail "left behind: $left"
unset DESTDIR

step "the firewall's rules of docs/OPERATING.md"
if have nft && [ "$(id -u)" = 0 ]; then
    sed -n "/^cat > .etc.nftables.conf/,/^RULES/p" docs/OPERATING.md | sed '1d;$d' >"$place/rules"
    unshare -n nft -c -f "$place/rules"
else
    missing "the firewall's rules: no nft, or not root"
fi

step "the systemd unit"
if have systemd-analyze; then
    mkdir "$place/units"
    cp systemd/* "$place/units/"
    sed -i "s|/usr/local/bin/lanline|$bundle/bin/lanline|" "$place/units/lanline.service"
    systemd-analyze verify --man=no "$place/units/lanline.service" "$place/units/lanline.socket"
    systemd-analyze security --offline=true --threshold=20 "$place/units/lanline.service" >"$place/score" ||
        { cat "$place/score"; fail "the unit is exposed to more than 2.0"; }
    tail -1 "$place/score"
else
    missing "the systemd unit: no systemd-analyze"
fi

step "aarch64"
triple=aarch64-unknown-linux-musl
if [ -n "${AARCH64:-}" ]; then
    OUT=$place/one "$here/scripts/bundle.sh" aarch64
    if have qemu-aarch64-static; then
        qemu-aarch64-static "$target/$triple/bundle/lanline" --version
    fi
else
    not_run "the bundle for aarch64: AARCH64=1 builds it, and qemu-user-static starts it"
fi

step "as a container"
if ! have podman; then
    missing "the container: no podman"
    exit 0
fi
# Storage and settings of our own, gone at the end; no network but the host's. A limit above the hard one
# is refused to a container within a container.
processes=$(ulimit -Hu)
if [ "$processes" = unlimited ] || [ "$processes" -gt 1024 ]; then processes=1024; fi
cat >"$place/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$processes:$processes"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
$(if have runc; then echo 'runtime = "runc"'; fi)
CONF
cat >"$place/storage.conf" <<CONF
[storage]
driver = "vfs"
graphroot = "$place/storage"
runroot = "$place/run"
CONF
export CONTAINERS_CONF=$place/containers.conf CONTAINERS_STORAGE_CONF=$place/storage.conf
if ! podman info >"$place/podman" 2>&1; then
    tail -1 "$place/podman"
    not_run "the container: podman doesn't work here"
    exit 0
fi

podman load --quiet -i "image/$name.tar"
podman build --quiet --isolation=chroot --format docker --target prebuilt -t localhost/lanline:built .
image_of() { podman image inspect "$1" --format '{{.Config.User}} {{.Config.Entrypoint}} {{.Os}} {{len .RootFS.Layers}}'; }
[ "$(image_of "localhost/lanline:$version")" = "$(image_of localhost/lanline:built)" ] ||
    fail "the archive and the Containerfile differ"

step "read-only, nobody, without capabilities"
container=lanline-check-$$
podman run --name "$container" --network=host --read-only --cap-drop=all \
    --security-opt=no-new-privileges "localhost/lanline:$version" \
    --listen 127.0.0.1:0 >"$place/out" 2>"$place/log" &
run=$!
pids+=("$run")
address=$(wait_for "$place/out" "$run") || { cat "$place/log"; fail "the container never listened"; }
bin/lanline health "$address"
podman exec "$container" /lanline health "$address"
podman stop --time 15 "$container" >/dev/null
wait "$run" || fail "the container ended with $?"
grep -q 'stopped after' "$place/log" || fail "it was killed"
if grep -q 'network of its own' "$place/log"; then fail "the host's network is suspected"; fi
cat "$place/log"
podman rm "$container" >/dev/null
container=

step "compose up and down"
# Those before 1.0.6 don't know host networking.
case $(podman-compose --version 2>/dev/null | sed -n 's/^podman-compose version:* *//p') in
    '' | 0.* | 1.0.[0-5])
        python3 -m venv "$place/venv" && "$place/venv/bin/pip" install --quiet podman-compose==1.6.0 || {
            missing "compose: no podman-compose of 1.0.6 or later"
            exit 0
        }
        export PATH=$place/venv/bin:$PATH
        ;;
esac
# A port that is free now.
"$bundle/bin/lanline" --listen 127.0.0.1:0 >"$place/out" 2>/dev/null &
probe=$!
address=$(wait_for "$place/out" "$probe")
kill "$probe"
wait "$probe" || true
export LANLINE_SETTINGS=$place/settings LANLINE_NOFILE
LANLINE_NOFILE=$(ulimit -Hn)
mkdir "$LANLINE_SETTINGS"
chmod 755 "$place" "$LANLINE_SETTINGS"
echo 'a token of the operators' >"$LANLINE_SETTINGS/operator-token"
cat >"$LANLINE_SETTINGS/lanline.toml" <<CONF
listen = ["$address"]
workers = 3
operator-token-file = "/etc/lanline/operator-token"
CONF
container=lanline
podman-compose -f compose.yaml up -d
well=no
for _ in $(seq 100); do
    if bin/lanline health "$address" >/dev/null; then well=yes; break; fi
    read -rt 0.1 <> <(:) || true
done
podman logs "$container" >"$place/log" 2>&1
cat "$place/log"
[ "$well" = yes ] || fail "what compose started doesn't answer"
grep -q 'workers 3' "$place/log" || fail "the settings are not read"
podman exec "$container" /lanline health || fail "the image's health check looks elsewhere"
if podman inspect "$container" | grep -q 'a token of'; then fail "inspect shows the token"; fi
[ "$(podman inspect "$container" --format '{{.HostConfig.RestartPolicy.Name}}')" = always ] ||
    fail "it isn't started after a reboot"
[ "$(podman inspect "$container" --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}}')" = "true host" ] ||
    fail "not read-only, or not on the host's network"
podman-compose -f compose.yaml down
if podman container exists "$container"; then fail "compose left it behind"; fi
container=
