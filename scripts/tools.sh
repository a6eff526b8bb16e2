#!/usr/bin/env bash
# Makes sure that the checkers of scripts/tools.txt are there (30 MB below target/, some seconds the
# first time), and prints the folder that they are in.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$PWD/${CARGO_TARGET_DIR:-target}/tools
case ${CARGO_TARGET_DIR:-} in /*) place=$CARGO_TARGET_DIR/tools ;; esac
if ! cmp -s scripts/tools.txt "$place/tools.txt"; then
    rm -rf "$place"
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check -r scripts/tools.txt
    cp scripts/tools.txt "$place/"
fi >&2
echo "$place/bin"
