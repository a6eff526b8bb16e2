#!/usr/bin/env bash
# Makes what is carried in on a stick: scripts/bundle.sh [--source] [ARCH...]
#
#   dist/lanline-VERSION-ARCH.tar.gz    for x86_64 (the default) and aarch64
#   dist/lanline-VERSION-source.tar.gz  with --source: the source and all that it needs
#
# The same commit and toolchain give the same bytes, from a clone and from the source bundle: names
# sorted, times from the commit, nobody's user id.
#
# SIGN_KEY=~/.ssh/key signs each archive (ssh-keygen -Y; docs/OPERATING.md says how to check it).
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C TZ=UTC
umask 022

source=no
arches=()
for word in "$@"; do
    case $word in
        --source) source=yes ;;
        x86_64 | aarch64) arches+=("$word") ;;
        *) echo "usage: scripts/bundle.sh [--source] [x86_64] [aarch64]" >&2; exit 2 ;;
    esac
done
[ "${#arches[@]}" -gt 0 ] || [ "$source" = yes ] || arches=(x86_64)

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
# Where there is no git, in a source bundle, the time stands in a file.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || cat .commit-time)}
export SOURCE_DATE_EPOCH
out=${OUT:-dist}
target_dir=${CARGO_TARGET_DIR:-target}
mkdir -p "$out"

# Nothing of this machine's paths in the programs, and the same for crates from the registry and from
# vendor/. Where several fit, the last one counts.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
remap() { RUSTFLAGS="${RUSTFLAGS:+$RUSTFLAGS }--remap-path-prefix=$1=$2"; }
RUSTFLAGS=
remap "$PWD" /lanline
remap "$cargo_home" /cargo
remap "$sysroot" /rust
remap "$PWD/vendor" /crates
for registry in "$cargo_home"/registry/src/*; do remap "$registry" /crates; done
export RUSTFLAGS

build() { # ARCH: the static programs; prints in which folder they are
    local triple=$1-unknown-linux-musl
    rustup target add "$triple" >/dev/null 2>&1 || true
    # The toolchain's own linker, so that no cross compiler is wanted.
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld cargo build --quiet --profile bundle \
        --locked --target "$triple" --package lanline --package stress --bins >&2
    echo "$target_dir/$triple/bundle"
}

windows_program() { # prints where it is; nothing where there is no mingw
    local triple=x86_64-pc-windows-gnu
    command -v x86_64-w64-mingw32-gcc >/dev/null 2>&1 || return 0
    rustup target add "$triple" >/dev/null 2>&1 || true
    # Without the time of linking: the same commit gives the same bytes.
    RUSTFLAGS="$RUSTFLAGS -C link-arg=-Wl,--no-insert-timestamp" \
        cargo build --quiet --profile bundle --locked --target "$triple" --bin lanline >&2
    echo "$target_dir/$triple/bundle/lanline.exe"
}

pack() { # FOLDER ARCHIVE: folder's parent is left out of the names
    tar --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=go=rX,u+rw,a-s -C "$(dirname "$1")" -cf - "$(basename "$1")" | gzip -9n >"$2"
    echo "$2  $(wc -c <"$2") bytes"
    if [ -n "${SIGN_KEY:-}" ]; then
        rm -f "$2.sig"
        ssh-keygen -q -Y sign -n lanline -f "$SIGN_KEY" "$2"
        echo "$2.sig"
    fi
}

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

bundle() { # ARCH
    local name=lanline-$version-$1 programs windows here document
    programs=$(build "$1")
    local folder=$place/$name
    mkdir -p "$folder"/{bin,systemd,share/man,share/completions,docs,image,monitoring}
    install -m 755 "$programs/lanline" "$programs/stress" "$folder/bin/"
    # The client and the tools for people at Windows.
    windows=$(windows_program)
    if [ -n "$windows" ]; then
        mkdir "$folder/windows"
        install -m 644 "$windows" "$folder/windows/lanline.exe"
    else
        echo "no mingw here: $name is without lanline.exe (apt-get install gcc-mingw-w64-x86-64)" >&2
    fi
    install -m 755 packaging/install.sh "$folder/install.sh"
    install -m 644 packaging/systemd/* "$folder/systemd/"
    install -m 644 packaging/lanline.toml Containerfile compose.yaml LICENSE "$folder/"
    install -m 644 packaging/grafana-dashboard.json packaging/prometheus.yml packaging/alerts.yml \
        "$folder/monitoring/"

    # Pages and completions come from a binary that runs here.
    here=$programs/lanline
    [ "$1" = "$(uname -m)" ] || here=$(build "$(uname -m)")/lanline
    "$here" man --out "$folder/share/man"
    "$here" completions bash >"$folder/share/completions/lanline.bash"
    "$here" completions zsh >"$folder/share/completions/_lanline"
    "$here" completions fish >"$folder/share/completions/lanline.fish"

    env -u RUSTFLAGS cargo run --quiet --locked -p pages -- "$folder/docs" \
        README.md CHANGELOG.md ARCHITECTURE.md CONTRIBUTING.md docs/*.md docs/*.svg \
        stress/README.md tests/MUTANTS.md
    for document in README CHANGELOG OPERATING CLIENT PROTOCOL SECURITY; do
        install -m 644 "$(ls "$document.md" "docs/$document.md" 2>/dev/null)" "$folder/docs/"
    done

    scripts/image-archive.sh "$programs/lanline" "$version" "$1" "$folder/image/lanline-$version-$1.tar"
    (cd "$folder" && find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS)
    pack "$folder" "$out/$name.tar.gz"
}

source_bundle() {
    local folder=$place/lanline-$version-source
    mkdir -p "$folder/.cargo"
    git ls-files -z | xargs -0 cp --parents -t "$folder"
    echo "$SOURCE_DATE_EPOCH" >"$folder/.commit-time"
    # With versions in the folders' names, as the registry has them: see remap above.
    cargo vendor --quiet --locked --versioned-dirs "$folder/vendor" >/dev/null
    cat >"$folder/.cargo/config.toml" <<'CONFIG'
# All that is needed is in vendor/: nothing is fetched.
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
CONFIG
    pack "$folder" "$out/lanline-$version-source.tar.gz"
}

for arch in "${arches[@]}"; do bundle "$arch"; done
[ "$source" = no ] || source_bundle
