"""What a performer does in a night, at random from a seed."""

from __future__ import annotations

import random
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, get_args

from msgspec.structs import replace

from sgview.state import commands as c
from sgview.state.morph import Easing
from sgview.state.networks import SLOTS, NetworkStatus, Slot
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit, Params
from sgview.state.paths import Leaf, leaves, set_leaf
from sgview.state.status import Status

MOST_EDITS = 6
EXPRESSIONS = (
    "sin(t)", "0.5 + 0.5*cos(t/3)", "lfo(4)", "osc('/fader')", "slider('energy', 0, 1)",
    "audio('low')", "value +", "1/0", "noise(t)", "env(osc('/pad'), 0.1, 1)", "beat % 1",
)  # fmt: skip
ADDRESSES = (
    "/fader", "/pad", "/sgview/noise/amplitude", "/sgview/noise/translate/x", "/sgview/slider/x",
    "/sgview/edit/1/amount", "/sgview/blend/all", "/sgview/blend/master", "/sgview/layer",
    "/sgview/look", "/sgview/edit/²/amount", "/sgview/nothing", "/sgview/mapping/truncation_psi",
)  # fmt: skip
SIZES = ((1600, 1000), (1280, 720), (960, 600), (640, 400), (320, 240), (1024, 1024))


class Stage(Protocol):
    """What plays: the program's window, or an engine without one."""

    params: Params
    status: Status

    def ask(self, command: c.Command) -> None:
        """Do what the panel would ask for."""
        ...

    def resize(self, width: int, height: int) -> None:
        """Give the window another size [screen units], where there is one."""
        ...


class Performer:
    """Does one thing after the other; the same seed gives the same choices.

    Args:
        seed: of all choices.
        networks: files to load.
        folder: where files are saved by name.
        port: of OSC; 0: no messages are sent.
        changes_networks: whether networks come and go too.
    """

    def __init__(
        self, seed: int, networks: list[Path], folder: Path, port: int, changes_networks: bool
    ) -> None:
        self.random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._networks, self._folder, self._port = networks, folder, port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._deeds: list[tuple[Callable[[Stage], None], int]] = [
            (self._set_value, 30), (self._edit, 20), (self._blend, 12), (self._show_layer, 10),
            (self._bind, 6), (self._send_osc, 20), (self._resize, 4), (self._keep_look, 4),
            (self._recall, 8), (self._change_look, 3), (self._snapshot, 4), (self._preset, 3),
            (self._take, 4), (self._undo, 8), (self._time, 6), (self._script, 2),
            (self._output, 3), (self._panel, 5), (self._remove, 3), (self._sound, 2),
        ]  # fmt: skip
        if changes_networks:
            self._deeds.append((self._network, 6))

    def do(self, stage: Stage) -> None:
        """Do one thing."""
        deeds, weights = zip(*self._deeds, strict=True)
        deed = self.random.choices(deeds, weights)[0]
        self.done[deed.__name__.strip("_").replace("_", " ")] += 1
        deed(stage)

    def close(self) -> None:
        """Send nothing more."""
        self._socket.close()

    def _shown(self, stage: Stage) -> NetworkStatus | None:
        networks = list(stage.status.engine.networks.values())
        return self.random.choice(networks) if networks else None

    def _leaf(self, stage: Stage) -> Leaf:
        return self.random.choice(list(leaves(stage.params)))

    def _set_value(self, stage: Stage) -> None:
        leaf, value = self._leaf(stage), None
        if leaf.is_number:
            low, high = leaf.field.usual
            value = self.random.uniform(low, high)
        elif leaf.choices:
            value = self.random.choice(leaf.choices)
        if value is not None:
            stage.params = set_leaf(stage.params, leaf, value)

    def _edit(self, stage: Stage) -> None:
        edits = list(stage.params.edits)
        network = self._shown(stage)
        kind = self.random.random()
        if edits and (kind < 0.4 or len(edits) >= MOST_EDITS):
            edits.pop(self.random.randrange(len(edits)))
        elif edits and kind < 0.6:
            place = self.random.randrange(len(edits))
            edits[place] = replace(edits[place], amount=self.random.uniform(-2, 2))
        elif network is not None:
            tensor = self.random.choice(network.tensors).name
            operation: Any = self.random.choice(list(OPERATIONS))
            expression = self.random.choice(["", "", "", "1 + 0.2*sin(t)"])
            seed, amount = self.random.randrange(100), self.random.uniform(-1, 2)
            edit = Edit(tensor=tensor, operation=operation, amount=amount, seed=seed)
            edits.append(replace(edit, expression=expression))
        stage.params = replace(stage.params, edits=tuple(edits))

    def _blend(self, stage: Stage) -> None:
        blend, network = stage.params.blend, self._shown(stage)
        if self.random.random() < 0.2:
            source: Any = self.random.choice(["mix", "mix", "a", "b"])
            blend = replace(blend, source=source)
        elif network is not None:
            group = self.random.choice(network.tensors).group
            amounts = {**blend.amounts, group: self.random.uniform(-0.2, 1.2)}
            while len(amounts) > 6:
                amounts.pop(self.random.choice(list(amounts)))
            blend = replace(blend, amounts=amounts)
        stage.params = replace(stage.params, blend=blend)

    def _show_layer(self, stage: Stage) -> None:
        network = self._shown(stage)
        names = ["", ""] + [layer.name for layer in network.layers] if network else [""]
        layer = replace(stage.params.layer, name=self.random.choice(names))
        stage.params = replace(stage.params, layer=layer)

    def _bind(self, stage: Stage) -> None:
        bindings = dict(stage.params.bindings)
        if len(bindings) > 4:
            bindings.pop(self.random.choice(list(bindings)))
        leaf = self._leaf(stage)
        if leaf.is_number:
            bindings[leaf.path] = self.random.choice(EXPRESSIONS)
        stage.params = replace(stage.params, bindings=bindings)

    def _send_osc(self, stage: Stage) -> None:
        from pythonosc.osc_message_builder import OscMessageBuilder

        for _ in range(self.random.choice([1, 1, 10, 300])):
            builder = OscMessageBuilder(self.random.choice(ADDRESSES))
            for _ in range(self.random.choice([0, 1, 1, 1, 2])):
                value = self.random.choice([self.random.random(), self.random.randrange(9), "x"])
                builder.add_arg(value)
            packet = builder.build().dgram
            if self.random.random() < 0.05:
                packet = self.random.randbytes(self.random.randrange(1, 200))
            if self._port:
                self._socket.sendto(packet, ("127.0.0.1", self._port))

    def _resize(self, stage: Stage) -> None:
        if self.random.random() < 0.15:
            stage.ask(c.ToggleFullscreen())
        else:
            stage.resize(*self.random.choice(SIZES))

    def _keep_look(self, stage: Stage) -> None:
        stage.ask(c.SaveLook(self.random.choice(["", f"look {self.random.randrange(12)}"])))

    def _look(self, stage: Stage) -> str:
        return self.random.choice([look.name for look in stage.status.show.looks] or ["none"])

    def _recall(self, stage: Stage) -> None:
        seconds = self.random.choice([None, 0.0, 0.5, 5.0])
        stage.ask(c.RecallLook(self._look(stage), seconds=seconds))

    def _change_look(self, stage: Stage) -> None:
        name, kind = self._look(stage), self.random.randrange(4)
        if kind == 0:
            stage.ask(c.RenameLook(name, f"renamed {self.random.randrange(12)}"))
        elif kind == 1:
            stage.ask(c.DeleteLook(name))
        elif kind == 2:
            stage.ask(c.SetLookKey(name, self.random.randrange(10)))
        else:
            easing = self.random.choice(get_args(Easing))
            stage.ask(c.SetFade(self.random.uniform(0, 3), easing))

    def _snapshot(self, stage: Stage) -> None:
        stage.ask(c.SaveSnapshot())

    def _preset(self, stage: Stage) -> None:
        path = self._folder / f"preset {self.random.randrange(8)}.toml"
        is_load = self.random.random() < 0.5
        stage.ask(c.LoadPreset(path) if is_load else c.SavePreset(path))

    def _take(self, stage: Stage) -> None:
        stage.ask(c.ToggleTake())

    def _undo(self, stage: Stage) -> None:
        count = self.random.randrange(1, 6)
        stage.ask(self.random.choice([c.Undo(count), c.Undo(), c.Redo(count)]))

    def _time(self, stage: Stage) -> None:
        tempo = c.SetTempo(self.random.uniform(60, 180), self.random.random() < 0.5)
        step = c.Step(self.random.randrange(-9, 9))
        stage.ask(self.random.choice([tempo, step, c.TogglePause(), c.Rewind(), c.TapTempo()]))

    def _script(self, stage: Stage) -> None:
        scripts = sorted(self._folder.glob("*.py"))
        is_open = scripts and self.random.random() < 0.6
        stage.ask(c.OpenScript(self.random.choice(scripts)) if is_open else c.RemoveScript())

    def _output(self, stage: Stage) -> None:
        if stage.status.outputs:
            stage.ask(c.ToggleOutput(self.random.choice(stage.status.outputs).name))

    def _panel(self, stage: Stage) -> None:
        leaf = self._leaf(stage)
        choices: list[c.Command] = [c.ToggleGui(), c.TimeLayers(), c.CancelLearn()]
        choices += [c.EditBinding(leaf.path), c.Learn(leaf.path, "osc"), c.SetPickUp(True)]
        choices += [c.DismissNotice(notice.id) for notice in stage.status.notices]
        stage.ask(self.random.choice(choices))

    def _remove(self, stage: Stage) -> None:
        if self.random.random() < 0.5:
            stage.ask(c.RemoveEdits())
        else:
            stage.params = Params()

    def _sound(self, stage: Stage) -> None:
        sounds = sorted(self._folder.glob("*.wav"))
        if sounds:
            stage.ask(c.OpenSound(self.random.choice(sounds)))

    def _network(self, stage: Stage) -> None:
        slot: Slot = self.random.choice(SLOTS)
        kind = self.random.random()
        if kind < 0.6:
            stage.ask(c.LoadNetwork(slot, self.random.choice(self._networks)))
        elif kind < 0.7:
            stage.ask(c.UnloadNetwork("b"))
        elif kind < 0.8:
            stage.ask(c.ReloadNetwork("b"))
        else:
            stage.ask(c.SwapNetworks())
