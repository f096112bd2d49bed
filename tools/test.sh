#!/usr/bin/env bash
# Run the tests in one process more than there are processors, since many wait for a program that
# they start. OpenGL is asserted to be there: without a screen each process starts a virtual one.
# `tools/test.sh -n 0` runs them in one process.
set -euo pipefail
cd "$(dirname "$0")/.."
export SGVIEW_EXPECT="${SGVIEW_EXPECT:-gl}"
tools/parts.sh || true
processes=$(($(.venv/bin/python -c 'import os; print(os.cpu_count() or 1)') + 1))
status=0
.venv/bin/python -m pytest -n "$processes" --dist loadscope "$@" || status=$?
# Hundreds of tests wait for windows, browsers and other programs, beside each other and whatever
# else runs here. What failed must pass alone, in a process of its own, and is named either way.
if [ "$status" -eq 1 ] && [ $# -eq 0 ]; then
    echo "tests: those that failed beside others are run once more, alone" >&2
    status=0
    .venv/bin/python -m pytest --last-failed --last-failed-no-failures none --maxfail 1 -rA ||
        status=$?
fi
[ "$status" -eq 0 ] || exit "$status"
# Of the whole suite a minute of fuzzing is a part: see tools/fuzz/.
[ $# -gt 0 ] || exec .venv/bin/python -m tools.fuzz --seconds 60 --mutation
