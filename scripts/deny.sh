#!/usr/bin/env bash
# Licences, duplicates and origins of all dependencies by cargo deny, which reads the texts of
# licences as well. tests/dependencies.rs goes by the same deny.toml, without it.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(scripts/tools.sh)
cargo fetch --locked
"$tools/cargo-deny" --offline --locked --workspace check licenses bans sources
