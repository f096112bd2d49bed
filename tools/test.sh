#!/usr/bin/env bash
# Run the tests in one process more than there are processors, since many wait for a program that
# they start. OpenGL is asserted to be there: without a screen each process starts a virtual one.
# `tools/test.sh -n 0` runs them in one process.
set -euo pipefail
cd "$(dirname "$0")/.."
export SGVIEW_EXPECT="${SGVIEW_EXPECT:-gl}"
tools/parts.sh || true
processes=$(($(.venv/bin/python -c 'import os; print(os.cpu_count() or 1)') + 1))
.venv/bin/python -m pytest -n "$processes" --dist loadscope "$@"
# Of the whole suite a minute of fuzzing is a part: see tools/fuzz/.
[ $# -gt 0 ] || exec .venv/bin/python -m tools.fuzz --seconds 60 --mutation
