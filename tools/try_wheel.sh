#!/usr/bin/env bash
# Build the wheel, install it into an environment of its own, and start it there: the help, and one
# picture without a screen. Shows that what travels in the wheel is enough.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.venv/bin/python -m pip wheel -q --no-deps -w "$scratch/dist" .
python3 -m venv "$scratch/venv" 2>/dev/null || .venv/bin/python -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q -c "$repository/constraints.txt" "$scratch"/dist/*.whl
cd "$scratch"
venv/bin/sgview --help >/dev/null
venv/bin/sgview render --frames 1 --device cpu --out frames
test -s frames/000000.png
venv/bin/sgview render --preset petal-worlds --frames 1 --device cpu --out look
test -s look/000000.png
cmp -s frames/000000.png look/000000.png && { echo 'wheel: the look changes nothing'; exit 1; }
venv/bin/python -c 'from sgview import resources as r; assert (r.documentation() / "formats.md").is_file()'
venv/bin/sgview doctor || true  # says what is missing; without a screen that is not nothing
printf 'wheel: installs and plays from a clean environment\n'
