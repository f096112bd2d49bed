"""MIDI messages to values: what is turned, held and pressed, on all devices together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sgview.signals.arrivals import Arrivals
from sgview.signals.midi.encoders import TurnCounts
from sgview.signals.midi.fine_values import FineValues

SOUND_OFF, RESET_CONTROLLERS, NOTES_OFF = 120, 121, 123  # channel mode messages (MIDI 1.0)
AT_RESET = {1: 0.0, 11: 1.0, 64: 0.0, 65: 0.0, 66: 0.0, 67: 0.0}  # controllers (RP-015)
MOST_PROGRAMS = 16  # program changes that wait

Player = tuple[str, int]  # a device and a channel, 0..15


class MidiValues:
    """The newest values; not for two threads at a time.

    Keys of the table are those of `Inputs.midi`. A note sounds as long as any device holds it on
    the channel; a value that goes on and off between two looks is seen by both (`Arrivals`).
    """

    def __init__(self) -> None:
        self.last = ""  # the newest message, as text
        self.counts_turns = False  # somebody reads an endless knob, or learns one
        self._fine, self._turns = FineValues(), TurnCounts()
        self._shown: dict[str, float] = {}
        self._new: Arrivals[float] = Arrivals()
        self._held: dict[int, dict[Player, float]] = {}  # velocities by note, the newest last
        self._leaning: dict[str, Player] = {}  # who moved a wheel or pressure, by its key
        self._programs: list[int] = []

    def snapshot(self) -> dict[str, float]:
        """Return the newest values; the same table until one of them changes."""
        if self._new:
            taken = self._new.take().items()
            new = {key: value for key, value in taken if self._shown.get(key) != value}
            if new:
                self._shown = {**self._shown, **new}
        return self._shown

    def take_programs(self) -> list[int]:
        """Return the program changes since the last call, 1 to 128."""
        taken, self._programs = self._programs, []
        return taken

    def receive(self, message: Any, device: str = "") -> None:
        """Take one mido message."""
        kind = message.type
        player = (device, getattr(message, "channel", 0))
        channel = f"channel {player[1] + 1}"
        match kind:
            case "control_change" if message.control >= SOUND_OFF:
                self._obey(message.control, player)
            case "control_change":
                self._control(message.control, message.value, player)
                self.last = f"CC {message.control}  {channel}"
            case "note_on" if message.velocity > 0:
                players = self._held.setdefault(message.note, {})
                players.pop(player, None)  # to its place as the newest
                players[player] = message.velocity / 127
                self._sound(message.note, player[1])
                self.last = f"Note {message.note}  {channel}"
            case "note_on" | "note_off":
                if self._held.get(message.note, {}).pop(player, None) is not None:
                    self._sound(message.note, player[1])
            case "pitchwheel":
                self._lean("bend/{}", player, max(-1.0, message.pitch / 8191))
                self.last = f"Pitch wheel  {channel}"
            case "aftertouch":
                self._lean("aftertouch/{}", player, message.value / 127)
                self.last = f"Aftertouch  {channel}"
            case "polytouch":
                self._lean(f"polytouch/{{}}/{message.note}", player, message.value / 127)
                self.last = f"Aftertouch of note {message.note}  {channel}"
            case "program_change":
                self._programs = [*self._programs[1 - MOST_PROGRAMS :], message.program + 1]
                self.last = f"Program {message.program + 1}"
            case "reset":
                self.release(device)
            case _:
                pass

    def release(self, device: str, channels: Iterable[int] = range(16)) -> None:
        """Let go of all that a device holds, as when it is unplugged."""
        self._let_go(device, set(channels))
        self._straighten(device, set(channels))

    def _control(self, control: int, value: int, player: Player) -> None:
        """Show a controller, and what it is a part of."""
        self._put(f"cc/{{}}/{control}", player, value / 127)
        if (fine := self._fine.receive(control, value, player)) is not None:
            self._put(fine[0], player, fine[1])
        if self.counts_turns:
            for key, count in self._turns.receive(control, value, player):
                self._new.put(key, count)

    def _obey(self, control: int, player: Player) -> None:
        """Follow a channel mode message; those from 124 on stop all notes too."""
        device, channel = player
        if control == RESET_CONTROLLERS:
            self._straighten(device, {channel})
            for number, value in AT_RESET.items():
                if f"cc/{channel + 1}/{number}" in self._shown:
                    self._put(f"cc/{{}}/{number}", player, value)
        elif control == SOUND_OFF or control >= NOTES_OFF:
            self._let_go(device, {channel})

    def _let_go(self, device: str, channels: set[int]) -> None:
        for note, players in self._held.items():
            for player in [p for p in players if p[0] == device and p[1] in channels]:
                del players[player]
                self._sound(note, player[1])

    def _straighten(self, device: str, channels: set[int]) -> None:
        """Bring wheels and pressures back to where they rest."""
        for key, player in list(self._leaning.items()):
            if player[0] == device and player[1] in channels:
                del self._leaning[key]
                self._new.put(key, 0.0)

    def _sound(self, note: int, channel: int) -> None:
        """Show the newest velocity of a note, on its channel and on any."""
        players = self._held[note]
        on_channel = [velocity for player, velocity in players.items() if player[1] == channel]
        self._new.put(f"note/{channel + 1}/{note}", on_channel[-1] if on_channel else 0.0)
        self._new.put(f"note/0/{note}", next(reversed(players.values()), 0.0))

    def _lean(self, key: str, player: Player, value: float) -> None:
        self._put(key, player, value)
        for channel in (player[1] + 1, 0):
            self._leaning[key.format(channel)] = player

    def _put(self, key: str, player: Player, value: float) -> None:
        """Show a value on its channel and on any."""
        for channel in (player[1] + 1, 0):
            self._new.put(key.format(channel), value)
