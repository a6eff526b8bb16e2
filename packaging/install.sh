#!/bin/sh
# Installs the bundle that this script lies in, or upgrades to it: ./install.sh, as root.
# ./install.sh uninstall takes away what it has put there, and leaves what is yours.
# DESTDIR=/somewhere works below that folder, and starts and stops nothing.
set -eu
cd "$(dirname "$0")"
root=${DESTDIR:-}
settings=$root/etc/lanline/lanline.toml
fail() { echo "install.sh: $*" >&2; exit 1; }
runs_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# Calls a command for each file, with MODE FILE PLACE.
each_file() {
    "$1" 755 bin/lanline /usr/local/bin/lanline
    "$1" 644 systemd/lanline.service /etc/systemd/system/lanline.service
    "$1" 644 systemd/lanline.socket /etc/systemd/system/lanline.socket
    for page in share/man/*; do "$1" 644 "$page" "/usr/local/share/man/man1/${page##*/}"; done
    "$1" 644 share/completions/lanline.bash /usr/local/share/bash-completion/completions/lanline
    "$1" 644 share/completions/_lanline /usr/local/share/zsh/site-functions/_lanline
    "$1" 644 share/completions/lanline.fish /usr/local/share/fish/vendor_completions.d/lanline.fish
    for document in docs/*; do "$1" 644 "$document" "/usr/local/share/doc/lanline/${document##*/}"; done
}

put() { # MODE FILE PLACE
    mkdir -p "$(dirname "$root$3")"
    # Beside it first: the old one may be running.
    cp "$2" "$root$3.new"
    chmod "$1" "$root$3.new"
    mv -f "$root$3.new" "$root$3"
}

take_away() { # MODE FILE PLACE
    rm -f "$root$3"
}

# The site's settings, by the new program: its file, and the variables of its unit.
check_settings() {
    variables=
    if runs_systemd; then
        variables=$(systemctl show --value --property=Environment lanline.service 2>/dev/null) || variables=
    fi
    # A token that systemd hands over is there for the service alone: --without-token.
    # shellcheck disable=SC2016 # the inner shell's
    printf '%s\n' "$variables" |
        xargs sh -c 'new=$1 file=$2; shift 2; exec env -i "$@" "$new" config check --without-token --config "$file"' \
            sh "$PWD/bin/lanline" "$settings"
}

# Where the site listens: the socket unit says it.
addresses() {
    systemctl show --value --property=Listen lanline.socket | sed -n 's/ (Stream)$//p'
}

uninstall() {
    if runs_systemd; then
        systemctl disable --now lanline.socket lanline.service 2>/dev/null || true
    fi
    each_file take_away
    rmdir "$root/usr/local/share/doc/lanline" 2>/dev/null || true
    if runs_systemd; then systemctl daemon-reload; fi
    echo "uninstalled; yours, and still there, as far as there are any:"
    echo "    $root/etc/lanline $root/etc/systemd/system/lanline.service.d $root/etc/systemd/system/lanline.socket.d"
}

case ${1:-install} in
    install) ;;
    uninstall) uninstall; exit 0 ;;
    *) echo "usage: ./install.sh [uninstall]" >&2; exit 2 ;;
esac

sha256sum --quiet -c SHA256SUMS
bin/lanline --version >/dev/null || fail "this program doesn't run here: is it for $(uname -m)?"
if [ -e "$settings" ]; then
    check_settings >/dev/null || fail "nothing is changed: $settings is not right for $(bin/lanline --version)"
else
    # Yours, once it is there.
    put 644 lanline.toml /etc/lanline/lanline.toml
fi
each_file put
echo "installed: $("$root/usr/local/bin/lanline" --version)"
if [ -n "$root" ]; then exit 0; fi
if ! runs_systemd; then
    echo "no systemd here; start it with: lanline serve --config /etc/lanline/lanline.toml"
    exit 0
fi
systemctl daemon-reload
systemctl enable --now lanline.socket
systemctl enable lanline.service
systemctl restart lanline.service || { echo "see: journalctl -u lanline -p err" >&2; exit 1; }
for address in $(addresses); do
    /usr/local/bin/lanline health "$address" || { echo "see: journalctl -u lanline -p err" >&2; exit 1; }
done
