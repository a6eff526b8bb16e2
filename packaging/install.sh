#!/bin/sh
# Installs the bundle that this script lies in, or upgrades to it: ./install.sh, as root.
# DESTDIR=/somewhere installs below that folder and starts nothing.
set -eu
cd "$(dirname "$0")"
root=${DESTDIR:-}

sha256sum --quiet -c SHA256SUMS

put() { # MODE FILE PLACE
    mkdir -p "$(dirname "$root$3")"
    # Beside it first: the old one may be running.
    cp "$2" "$root$3.new"
    chmod "$1" "$root$3.new"
    mv -f "$root$3.new" "$root$3"
}

put 755 bin/lanline /usr/local/bin/lanline
put 644 systemd/lanline.service /etc/systemd/system/lanline.service
put 644 systemd/lanline.socket /etc/systemd/system/lanline.socket
# Yours, once it is there.
[ -e "$root/etc/lanline/lanline.toml" ] || put 644 lanline.toml /etc/lanline/lanline.toml
for page in share/man/*; do put 644 "$page" "/usr/local/share/man/man1/${page##*/}"; done
put 644 share/completions/lanline.bash /usr/local/share/bash-completion/completions/lanline
put 644 share/completions/_lanline /usr/local/share/zsh/site-functions/_lanline
put 644 share/completions/lanline.fish /usr/local/share/fish/vendor_completions.d/lanline.fish
for document in docs/*; do put 644 "$document" "/usr/local/share/doc/lanline/${document##*/}"; done

"$root/usr/local/bin/lanline" config check --config "$root/etc/lanline/lanline.toml" >/dev/null
echo "installed: $("$root/usr/local/bin/lanline" --version)"
if [ -n "$root" ]; then exit 0; fi
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable --now lanline.socket
    systemctl enable lanline.service
    systemctl restart lanline.service
    lanline=/usr/local/bin/lanline
    $lanline health || { echo "see: journalctl -u lanline" >&2; exit 1; }
else
    echo "no systemd here; start it with: lanline serve --config /etc/lanline/lanline.toml"
fi
