"""Listens to the system's sound input, and says in lines what becomes of it: `heard`, `gone`.

A program of its own: the sound libraries read once, when they start, which server there is.
"""

import time

from sgview.signals.sound import sound as sound_module
from sgview.signals.sound.sound import SoundSource
from sgview.state.sound import Sound

LOUD = 0.05  # of a level: somebody plays


def main() -> None:
    """Listen until the program is ended."""
    sound_module.RETRY_EVERY = 0.3
    source = SoundSource(Sound(source="input"))
    last = ""
    while True:
        levels, _ = source.levels(0.0)
        problems = source.take_problems()
        heard = source.tempo(0.0)
        state = last
        if levels.get("rms", 0.0) > LOUD:
            state = "heard"
        if any("gone" in problem for problem in problems):
            state = "gone"
        if state == "heard" and heard is not None:
            state = f"beat {heard.bpm:.0f}"
        if state.startswith("beat") and last == "gone":
            state = "heard"
        if state != last:
            print(state, flush=True)
            last = state
        time.sleep(0.02)


if __name__ == "__main__":
    main()
