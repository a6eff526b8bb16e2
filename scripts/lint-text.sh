#!/usr/bin/env bash
# Spelling everywhere, and the shell scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(scripts/tools.sh)
"$tools/typos"
"$tools/shellcheck" --severity=warning --shell=bash .ci/run scripts/*.sh packaging/*.sh
