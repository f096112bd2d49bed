#!/usr/bin/env bash
# Run the tests, in as many processes as there are processors. OpenGL is asserted to be there:
# without a screen each process starts a virtual one. `tools/test.sh -n 0` runs them in one process.
set -euo pipefail
cd "$(dirname "$0")/.."
export SGVIEW_EXPECT="${SGVIEW_EXPECT:-gl}"
exec .venv/bin/python -m pytest -n auto --dist loadscope "$@"
