#!/usr/bin/env bash
# Play the built-in networks: in a window where there is a screen, else on a virtual screen for ten
# seconds, leaving a film and a picture of them in out/.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" != Linux ]; then
    exec .venv/bin/sgview "$@"
fi
exec .venv/bin/python tools/demo.py "$@"
