#!/usr/bin/env bash
# Make the virtual environment .venv with sgview and everything its tests need, and see to OpenGL
# and a virtual screen. Does nothing when all is in place.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

# Debian and Ubuntu packages: OpenGL (Mesa also draws without a graphics card), the X libraries
# that GLFW opens, and, for machines without a screen, a virtual one and its mouse and keyboard.
packages=(libgl1 libgl1-mesa-dri libegl1 libglx-mesa0 libxcursor1 libxi6 libxrandr2 libxinerama1)
has_screen() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" != Linux ]; }
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }

missing=()
if [ "$(uname -s)" = Linux ]; then
    if ! has_library libGL.so.1 || ! has_library libEGL.so.1; then missing+=("${packages[@]}"); fi
    if ! has_screen || [ -n "${CI:-}" ]; then
        command -v Xvfb >/dev/null || missing+=("${packages[@]}" xvfb)
        command -v xdotool >/dev/null || missing+=(xdotool)
        command -v weston >/dev/null || missing+=(weston xwayland)  # a Wayland session
        command -v g++ >/dev/null || missing+=(g++)  # the CUDA sources are tested as C++
    fi
    # Debian splits venv from Python; without it the module imports but cannot make pip.
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
fi

if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
    if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
        say "installing ${missing[*]}"
        "${as_root[@]}" apt-get update -qq
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    elif command -v apt-get >/dev/null; then
        say "please install: sudo apt-get install ${missing[*]}"
        exit 1
    else
        say "please install what your system calls: OpenGL (Mesa), Xvfb, xdotool, Python venv"
        exit 1
    fi
fi

# A Python that is new enough; `PYTHON=python3.13 make run` chooses one.
python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Python 3.11 or newer is needed, and $python is not: set PYTHON, e.g. PYTHON=python3.12 make run"
    exit 1
fi

stamp=.venv/installed
wanted=$(cat pyproject.toml constraints.txt | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    [ -x .venv/bin/python ] || { say "making .venv"; "$python" -m venv .venv; }
    say "installing sgview and its libraries (torch is large: this takes minutes the first time)"
    .venv/bin/python -m pip install -q --upgrade 'pip>=25.1'
    .venv/bin/python -m pip install -q -c constraints.txt -e . --group dev
    printf '%s' "$wanted" >"$stamp"
fi
