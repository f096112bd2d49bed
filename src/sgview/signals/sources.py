"""The sources of signals from outside, and what came in since the last frame."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from sgview.closing import Closing
from sgview.signals.incoming import Inputs
from sgview.signals.learning import Learner
from sgview.signals.midi.input import MidiInput
from sgview.signals.osc.input import OscInput
from sgview.signals.osc.journeys import going_of
from sgview.signals.osc.output import OscOutput
from sgview.signals.osc.remote import RemoteError, apply_message, recall_of
from sgview.state.bindings import bind
from sgview.state.commands import Command, Learn, RecallLook, Restart
from sgview.state.dice import DICE
from sgview.state.networks import NetworkStatus, Slot
from sgview.state.params import Edit, Params
from sgview.state.status import Learning, MidiStatus, OscStatus

_NO_LEVELS: Mapping[str, float] = {}
_NO_NETWORKS: Mapping[Slot, NetworkStatus] = {}


class Incoming(Struct, frozen=True):
    """What came in since the last frame."""

    params: Params  # with what messages set and what was learned
    inputs: Inputs
    commands: tuple[Command, ...] = ()
    problems: tuple[str, ...] = ()


class Sources(Closing):
    """Owns OSC, MIDI and learning, all sources of signals but sound; a context manager.

    Args:
        osc: None: no OSC in.
        osc_out: None: no OSC out.
        midi: None: no MIDI.
        picks_up: learned controllers take over only once they pass the present value.
    """

    def __init__(
        self,
        osc: OscInput | None = None,
        osc_out: OscOutput | None = None,
        midi: MidiInput | None = None,
        *,
        picks_up: bool = True,
    ) -> None:
        self.picks_up = picks_up
        self._osc, self._osc_out, self._midi = osc, osc_out, midi
        self._learner = Learner()
        self._inputs = Inputs()
        self._bindings: dict[str, str] | None = None
        self._edits: tuple[Edit, ...] | None = None
        self._has_encoder = False

    def __enter__(self) -> Self:
        self.start()
        return super().__enter__()

    def start(self) -> None:
        """Open ports and devices; what cannot be opened says so in its status."""
        for source in (self._osc, self._osc_out, self._midi):
            if source is not None:
                source.start()
        if self._osc is not None and self._osc_out is not None:
            self._osc.own_sender = self._osc_out.sender
            if self._osc_out.reaches(self._osc.interface, self._osc.port):
                self._osc.report_once(
                    "own",
                    f"OSC is sent to {self._osc_out.target}, where sgview itself listens: it does "
                    "not hear what it sends. Choose another place under [osc] send_to.",
                )

    def close(self) -> None:
        """Close everything; idempotent."""
        for source in (self._osc, self._osc_out, self._midi):
            if source is not None:
                source.close()

    def poll(
        self,
        params: Params,
        networks: Mapping[Slot, NetworkStatus] = _NO_NETWORKS,
        *,
        mouse: tuple[float, float] = (0.5, 0.5),
        is_mouse_down: bool = False,
        audio: Mapping[str, float] = _NO_LEVELS,
        bands: tuple[float, ...] = (),
        library: Collection[str] = (),
    ) -> Incoming:
        """Return what came in, once a frame.

        Args:
            params: as they are, for messages to change.
            networks: the loaded ones.
            mouse, is_mouse_down, audio, bands: as in `Inputs`.
            library: names of the latents there are.
        """
        if self._midi is not None:
            self._midi.count_turns(self.learning is not None or self._reads_turns(params))
        inputs = self._snapshot(mouse, is_mouse_down, audio, bands)
        learned = self._learner.poll(inputs, picks_up=self.picks_up, params=params)
        if learned is not None:
            params = bind(params, *learned)
        commands: list[Command] = []
        if self._osc is not None:
            for address, values in self._osc.take_messages():
                try:
                    recall = recall_of(address, values)
                    going = going_of(params, address, values, _throw, library)
                    if recall is not None:
                        commands.append(recall)
                    elif going is not None:
                        params = going.params
                        commands += [Restart(name) for name in going.restarts]
                    else:
                        params = apply_message(params, address, values, networks)
                except RemoteError as error:
                    self._osc.report_once(error.key or address, str(error))
        programs = self._midi.take_programs() if self._midi is not None else []
        commands += [RecallLook(key=program) for program in programs if program <= 9]
        problems = self._osc.take_problems() if self._osc is not None else []
        problems += self._midi.take_problems() if self._midi is not None else []
        return Incoming(params, inputs, tuple(commands), tuple(problems))

    def send(self, params: Params) -> None:
        """Send what `params.osc_out` names, as it is at this instant."""
        if self._osc_out is not None:
            self._osc_out.send(params, params.osc_out)

    def tell(self, address: str, value: int) -> None:
        """Send a message about something that has just happened."""
        if self._osc_out is not None:
            self._osc_out.tell(address, value)

    def learn(self, wish: Learn) -> None:
        """Bind a value to the next thing that moves."""
        self._learner.begin(wish, self._inputs)

    def cancel_learning(self) -> None:
        """Wait no longer."""
        self._learner.cancel()

    @property
    def learning(self) -> Learning | None:
        """Return the value that is being learned, None if there is none."""
        return self._learner.status

    def osc_status(self) -> OscStatus:
        """Return where messages come from and go to."""
        status = self._osc.status() if self._osc is not None else OscStatus(reason=_OSC_IS_OFF)
        if self._osc_out is None:
            return status
        reason = status.reason or self._osc_out.unavailable_reason
        return replace(status, sends_to=self._osc_out.target, reason=reason)

    def midi_status(self) -> MidiStatus:
        """Return which devices are open."""
        status = self._midi.status() if self._midi is not None else MidiStatus(reason=_MIDI_IS_OFF)
        return replace(status, picks_up=self.picks_up)

    def _reads_turns(self, params: Params) -> bool:
        """Whether an expression reads an endless knob, as long as the same ones are there."""
        if params.bindings is not self._bindings or params.edits is not self._edits:
            self._bindings, self._edits = params.bindings, params.edits
            texts = (*params.bindings.values(), *(edit.expression for edit in params.edits))
            self._has_encoder = any("encoder" in text for text in texts)
        return self._has_encoder

    def _snapshot(
        self,
        mouse: tuple[float, float],
        is_mouse_down: bool,
        audio: Mapping[str, float],
        bands: tuple[float, ...],
    ) -> Inputs:
        """Return the inputs of now: the same ones while nothing moves."""
        osc = self._osc.snapshot() if self._osc is not None else self._inputs.osc
        midi = self._midi.snapshot() if self._midi is not None else self._inputs.midi
        before = self._inputs
        is_same = osc is before.osc and midi is before.midi
        if not (is_same and audio == before.audio and bands == before.bands):
            before = replace(before, osc=osc, midi=midi, audio=dict(audio), bands=bands)
        if (mouse, is_mouse_down) != (before.mouse, before.is_mouse_down):
            before = replace(before, mouse=mouse, is_mouse_down=is_mouse_down)
        self._inputs = before
        return before


def _throw() -> int:
    return random.randrange(DICE)


_OSC_IS_OFF = "OSC is switched off in the settings."
_MIDI_IS_OFF = "MIDI is switched off in the settings."
