#!/usr/bin/env bash
# Run the tests. OpenGL is asserted to be there: without a screen the tests start a virtual one.
set -euo pipefail
cd "$(dirname "$0")/.."
export SGVIEW_EXPECT="${SGVIEW_EXPECT:-gl}"
exec .venv/bin/python -m pytest "$@"
