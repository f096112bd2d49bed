"""From what is set to what plays, frame after frame: the same live and offline."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import assert_never

from msgspec.structs import replace

from sgview.closing import Closing
from sgview.settings import Settings
from sgview.show.clock import Clock
from sgview.show.resolver import Resolved, Resolver
from sgview.show.script import LIMIT, Script
from sgview.show.script_frame import Change
from sgview.show.travel import Travel
from sgview.signals.bound_values import SignalStatus
from sgview.signals.incoming import Instant
from sgview.signals.midi.devices import MidoBackend
from sgview.signals.midi.input import MidiInput
from sgview.signals.osc.input import OscInput
from sgview.signals.osc.output import OscOutput
from sgview.signals.sound.sound import SoundSource
from sgview.signals.sound.tempo import Tempo
from sgview.signals.sources import Incoming, Sources
from sgview.state import commands as c
from sgview.state.boundary import Boundary, open_boundary
from sgview.state.latent_paths import progress_of
from sgview.state.motion import Motion
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Params
from sgview.state.places import absolute
from sgview.state.session import Surroundings
from sgview.state.status import PlayerStatus, ScriptStatus


class Player(Closing):
    """Owns the clock, the sources of signals, sound, tempo and script.

    A frame is `advance`, which takes in what came from outside, and `resolve`, which gives the
    values of this instant. The window and `render` run commands in between.

    Args:
        settings: the sound, the beat, and whether learned controllers pick up.
        clock: time; one of even frames where nothing plays live.
        sources: OSC, MIDI and learning from them; None: no signals from outside.
        now: the source of real time [s].
        boundary: through which each input and the script are called; None: what fails is raised.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        sources: Sources | None = None,
        now: Callable[[], float] = time.perf_counter,
        boundary: Boundary | None = None,
    ) -> None:
        self._now = now
        self._boundary = boundary or open_boundary()
        self.clock = clock
        self.sources = sources or Sources()
        self.tempo = Tempo(settings.tempo.bpm, is_following=settings.tempo.follows_sound)
        self.sound = SoundSource(settings.sound, now)
        self.script: Script | None = None
        self.resolver = Resolver()
        self.instant = Instant(clock.t)
        self._motion: Motion | None = None  # what played last
        self._is_rewound = False
        self._passed: tuple[int, int] | None = None  # lap and key of the path, at last
        self._networks: Mapping[Slot, NetworkStatus] = {}

    def wait_for_sound(self) -> None:
        """Wait until the sound file is analysed, and set the beat to its own at this position.

        Raises:
            ConfigError: if it cannot be heard.
        """
        self.sound.wait()
        position = self.clock.position
        self.tempo.start_at(position, self.sound.tempo(position))

    def advance(
        self,
        params: Params,
        networks: Mapping[Slot, NetworkStatus] | None = None,
        *,
        mouse: tuple[float, float] = (0.5, 0.5),
        is_mouse_down: bool = False,
        library: Collection[str] = (),
    ) -> Incoming:
        """Let time go on, and return what came in since the last frame.

        Args:
            params: as they are set, for messages to change.
            networks: the loaded ones.
            mouse, is_mouse_down: as in `Inputs`.
            library: names of the latents there are.
        """
        self._networks = networks or {}
        t, _ = self.clock.tick()
        position, elapsed = self.clock.position, self.clock.take_elapsed()
        call, inputs = self._boundary.call, self.instant.inputs
        audio, bands = call(
            "sound", self.sound.levels, position, otherwise=(inputs.audio, inputs.bands)
        )
        call("tempo", self._advance_tempo, position, elapsed, otherwise=None)
        poll = self.sources.poll
        incoming = call(
            "OSC and MIDI",
            lambda: poll(
                params,
                networks or {},
                mouse=mouse,
                is_mouse_down=is_mouse_down,
                audio=audio,
                bands=bands,
                library=library,
            ),
            otherwise=None,
        ) or Incoming(params, inputs)
        restarts = ("",) if self._is_rewound else ()
        self._is_rewound = False
        self.instant = Instant(
            t, t - self.instant.t, elapsed, inputs=incoming.inputs, restarts=restarts
        )
        problems = (*incoming.problems, *self.sound.take_problems())
        return replace(incoming, problems=problems) if problems else incoming

    def resolve(self, params: Params) -> Resolved:
        """Return what plays at the instant that `advance` came to."""
        beat, bpm = self.tempo.beat, self.tempo.bpm
        self.instant = replace(self.instant, beat=beat, bpm=bpm)
        act = self._act if self.script is not None else None
        call, resolver = self._boundary.call, self.resolver
        resolved = call(
            "values that move", resolver.resolve, params, self.instant, act, otherwise=None
        )
        if resolved is None:
            resolved = Resolved(
                replace(resolver.shown, view=params.view), SignalStatus(), self._motion, ()
            )
        self._motion = resolved.motion
        self.clock.speed = resolved.params.playback.speed
        call("OSC out", self.sources.send, resolved.params, otherwise=None)
        call("OSC out", self._tell_of_path, resolved, otherwise=None)
        return resolved

    def _tell_of_path(self, resolved: Resolved) -> None:
        """Send `/sgview/path/seam LAP` at the end of each round, `/sgview/path/key N` at keys."""
        latents, motion = resolved.params.latents, resolved.motion
        if latents.source != "path" or motion is None or len(latents.path.keys) < 2:
            self._passed = None
            return
        progress = progress_of(latents.path, motion.positions.get("path", 0.0))
        before, self._passed = self._passed, (progress.lap, progress.key)
        if before is None or before == self._passed:
            return
        if progress.lap != before[0]:
            self.sources.tell("/sgview/path/seam", progress.lap)
        self.sources.tell("/sgview/path/key", progress.key + 1)

    def _advance_tempo(self, position: float, elapsed: float) -> None:
        self.tempo.advance(elapsed, self.sound.tempo(position))

    def _act(self, params: Params, instant: Instant) -> tuple[Params, tuple[Change, ...]]:
        """Let the script play along."""
        script = self.script
        if script is None:
            return params, ()
        return self._boundary.call(
            "script", script.run, params, instant, self._networks, otherwise=(params, ())
        )

    def open_script(self, path: Path | None, *, is_watched: bool = True) -> None:
        """Let a script play along, read again when it is saved; None: none."""
        if self.script is not None:
            self.script.close()
        limit = LIMIT if is_watched else None  # offline, a frame takes as long as it takes
        self.script = Script(path, is_watched=is_watched, limit=limit) if path is not None else None

    def execute(self, command: c.PlayerCommand) -> None:
        """Do what `command` asks."""
        match command:
            case c.OpenScript(path):
                self.open_script(path)
            case c.RemoveScript():
                self.open_script(None)
            case c.TapTempo():
                self.tempo.tap(self._now())
            case c.SetTempo(bpm, is_following):
                self.tempo.set(bpm, is_following=is_following)
            case c.SetSound(sound):
                self.sound.set(sound)
            case c.OpenSound(path):
                self.sound.set(replace(self.sound.sound, source="file", file=str(path)))
            case c.TogglePause():
                self.clock.toggle_pause()
            case c.Step(frames):
                self.clock.step(frames)
            case c.Rewind():
                self.clock.rewind()
                self._is_rewound = True
            case c.Restart(name, position):
                begun = f"{name} {position!r}" if position else name
                self.instant = replace(self.instant, restarts=(*self.instant.restarts, begun))
            case c.Learn() as wish:
                self.sources.learn(wish)
            case c.CancelLearn():
                self.sources.cancel_learning()
            case c.SetPickUp(enabled):
                self.sources.picks_up = enabled
            case _:
                assert_never(command)

    def status(self, moved: SignalStatus) -> PlayerStatus:
        """Return time and what moves values; `moved` is what expressions gave at this instant."""
        return PlayerStatus(
            t=self.clock.t,
            is_paused=self.clock.is_paused,
            edits=moved.edits,
            bindings=moved.bindings,
            sliders=moved.sliders,
            osc=self.sources.osc_status(),
            midi=self.sources.midi_status(),
            learning=self.sources.learning,
            script=self.script.status if self.script is not None else ScriptStatus(),
            tempo=self.tempo.status,
            motion=self._motion or Motion(),
            sound=self.sound.status(lists_inputs=self.sound.sound.source == "input"),
        )

    def resume(self, surroundings: Surroundings) -> None:
        """Restore time, tempo and sound as they were when the session was saved."""
        self.clock.t = self.clock.position = surroundings.t
        self.clock.is_paused = surroundings.is_paused
        if surroundings.travel is not None:
            self.resolver.travel = Travel(surroundings.travel)
        self.tempo.set(surroundings.bpm, is_following=surroundings.follows_sound)
        self.sound.set(surroundings.sound)

    def surroundings(self) -> Surroundings:
        """Return what `resume` takes."""
        return Surroundings(
            t=self.clock.t,
            is_paused=self.clock.is_paused,
            travel=None if self.resolver.travel is None else self.resolver.travel.state,
            sound=self.sound.sound,
            bpm=self.tempo.bpm,
            follows_sound=self.tempo.is_following,
            script=str(absolute(self.script.path)) if self.script is not None else "",
        )

    def close(self) -> None:
        """End everything that runs; idempotent."""
        self.open_script(None)
        self.sources.close()
        self.sound.close()


def live_sources(settings: Settings) -> Sources:
    """Return the sources of signals, opened as the settings say."""
    osc, midi = settings.osc, settings.midi
    sources = Sources(
        OscInput(osc.interface, osc.port) if osc.enabled else None,
        OscOutput(osc.send_to) if osc.enabled else None,
        MidiInput(midi.devices, partial(MidoBackend, midi.interface)) if midi.enabled else None,
        picks_up=midi.pick_up,
    )
    sources.start()
    return sources
