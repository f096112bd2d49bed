#!/usr/bin/env bash
# Install other people's programs that some tests start: monitors that are not there, JACK,
# PulseAudio, liblo, Pure Data, fonts. Tried once, and only on machines without a desktop, whose
# sound server is nobody's. Where it cannot be done, those tests are skipped and say why.
set -uo pipefail
cd "$(dirname "$0")/.."

tried=.venv/parts-tried
[ -e "$tried" ] && exit 0
[ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null || exit 0
[ -n "${CI:-}" ] || [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || exit 0
    as_root=(sudo -n)
fi
touch "$tried"

declare -A package=(
    [Xorg]="xserver-xorg-core xserver-xorg-video-dummy" [xrandr]=x11-xserver-utils
    [setxkbmap]=x11-xkb-utils [jackd]=jackd2 [pulseaudio]="pulseaudio libasound2-plugins"
    [pactl]=pulseaudio-utils [oscsend]=liblo-tools [pd]=puredata-core
    [fc-match]="fontconfig fonts-wqy-microhei"
)
missing=()
for program in "${!package[@]}"; do
    # shellcheck disable=SC2206  # several packages a program
    command -v "$program" >/dev/null || missing+=(${package[$program]})
done
ldconfig -p 2>/dev/null | grep -q libportaudio || missing+=(libportaudio2)
if [ ${#missing[@]} -gt 0 ]; then
    printf 'test: installing %s\n' "${missing[*]}" >&2
    { timeout 60 "${as_root[@]}" apt-get update -qq &&
        timeout 180 "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
        printf 'test: that did not work; tests that need them are skipped\n' >&2
fi
# Both have wheels for most systems; where there are none, their tests are skipped too.
timeout 60 .venv/bin/python -m pip install -q --only-binary :all: -c constraints.txt \
    python-rtmidi sounddevice >/dev/null 2>&1 || true
