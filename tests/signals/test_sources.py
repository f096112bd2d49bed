"""What comes in during a frame, from senders to parameters."""

import math
from collections.abc import Callable

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pythonosc.udp_client import SimpleUDPClient

from sgview.signals.incoming import Inputs
from sgview.signals.midi.input import MidiInput
from sgview.signals.osc.input import OscInput
from sgview.signals.osc.journeys import going_of
from sgview.signals.osc.output import OscOutput
from sgview.signals.osc.remote import MOST_NAMES, RemoteError, apply_message, recall_of
from sgview.signals.sources import Sources
from sgview.state.commands import Learn, RecallLook, Restart
from sgview.state.journeys import Going
from sgview.state.networks import LayerInfo, NetworkStatus, Slot
from sgview.state.params import Edit, Latents, Params
from sgview.state.paths import get_leaf, leaf_at
from tests.support.until import until


def network_of(*names: str) -> NetworkStatus:
    layers = tuple(LayerInfo(name, name.partition("_")[0], 36, 64) for name in names)
    return NetworkStatus("faces", "", "StyleGAN3-T", 8, 0, 8, 9, 64, 3, 1000, layers, ())


NETWORKS: dict[Slot, NetworkStatus] = {"a": network_of("input", "L0_36_64")}


@pytest.mark.parametrize(
    ("address", "values", "path", "value"),
    [
        ("/sgview/noise/amplitude", (2.0,), "noise.amplitude", 2.0),
        ("/sgview/noise/harmonics", (99.0,), "noise.harmonics", 8),
        ("/sgview/noise/monochrome", (0.0,), "noise.monochrome", False),
        ("/sgview/noise/type", ("perlin2d",), "noise.type", "perlin2d"),
        ("/sgview/psi", (0.5,), "mapping.truncation_psi", 0.5),
        ("/sgview/blend/L0", (0.5,), "blend.amounts.L0", 0.5),
        ("/sgview/edit/1/amount", (0.5,), "edits.0.amount", 0.5),
        ("/sgview/edit/1/enabled", (0.0,), "edits.0.enabled", False),
        ("/sgview/layer", ("L6",), "layer.name", "L6"),
        ("/sgview/layer", (2.0,), "layer.name", "L0_36_64"),
        ("/sgview/layer", (99.0,), "layer.name", "L0_36_64"),
        ("/sgview/layer", (0.0,), "layer.name", ""),
        ("/sgview/slider/energy", (0.5,), "sliders.energy", 0.5),
        ("/sgview/noise/translate", (1.0, 2.0, 3.0), "noise.translate.2", 3.0),
        ("/sgview/noise/translate/y", (2.0,), "noise.translate.1", 2.0),
    ],
)
def test_messages_set_parameters(address, values, path, value) -> None:
    changed = apply_message(Params(edits=(Edit(tensor="a"),)), address, values, NETWORKS)
    leaf = leaf_at(path)
    assert leaf is not None and get_leaf(changed, leaf) == value


def test_layers_go_by_number_in_the_network_that_plays() -> None:
    both: dict[Slot, NetworkStatus] = {**NETWORKS, "b": network_of("input", "L0_16_8", "L1_16_8")}
    alone = apply_message(Params(), "/sgview/blend/source", ("b",), both)
    assert apply_message(alone, "/sgview/layer", (3.0,), both).layer.name == "L1_16_8"
    assert apply_message(alone, "/sgview/layer", (2.0,), NETWORKS).layer.name == "L0_36_64"
    assert apply_message(Params(), "/sgview/layer", (3.0,), both).layer.name == "L0_36_64"
    assert apply_message(alone, "/sgview/layer", (3.0,), {}).layer.name == ""


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("/sgview/nope", (1.0,)),
        ("/sgview/noise/amplitude", ()),
        ("/sgview/noise/amplitude", ("text",)),
        ("/sgview/noise/type", ("nope",)),
        ("/sgview/noise/type", (1.0,)),
        ("/sgview/edit/1/amount", (1.0,)),
        ("/sgview/edit/0/amount", (1.0,)),
        ("/sgview/bindings/x", ("t",)),
        ("/sgview/", (1.0,)),
        ("/sgview/edit/²/amount", (1.0,)),
        ("/sgview/edit/٣/amount", (1.0,)),
        ("/sgview/edits/²/amount", (1.0,)),
        ("/sgview/noise/translate/²", (1.0,)),
        ("/sgview/blend/all", (1.0,)),
        ("/sgview/blend/L12", (1.0,)),
        ("/sgview/blend/amounts/²", (1.0,)),
    ],
)
def test_what_cannot_be_set_is_one_sentence(address, values) -> None:
    with pytest.raises(RemoteError) as caught:
        apply_message(Params(), address, values, NETWORKS)
    assert address in str(caught.value)


def test_groups_are_those_of_either_network_or_look_so_while_none_is_loaded() -> None:
    both: dict[Slot, NetworkStatus] = {**NETWORKS, "b": network_of("b4.conv1", "L7_36_64")}
    for networks in (both, {}):
        changed = apply_message(Params(), "/sgview/blend/L7", (0.5,), networks)
        assert changed.blend.amounts == {"L7": 0.5}
        with pytest.raises(RemoteError, match="no network has that blend group"):
            apply_message(Params(), "/sgview/blend/all", (0.5,), networks)
    # what a preset brought can be changed, whatever is loaded
    changed = apply_message(changed, "/sgview/blend/L7", (0.75,), NETWORKS)
    assert changed.blend.amounts == {"L7": 0.75}


@pytest.mark.parametrize(
    ("table", "longest", "held"),
    [
        ("slider", 64, lambda params: params.sliders),
        ("directions/amounts", 255, lambda params: params.directions.amounts),
        ("ground/noise/layers", 64, lambda params: params.ground.noise.layers),
    ],
)
def test_names_from_the_network_are_bounded_and_said_once(
    table: str, longest: int, held: Callable[[Params], dict[str, float]]
) -> None:
    params, said = Params(), set()
    for n in range(2 * MOST_NAMES):
        try:
            params = apply_message(params, f"/sgview/{table}/s{n}", (0.5,), NETWORKS)
        except RemoteError as error:
            said.add((error.key, str(error)))
    assert len(held(params)) == MOST_NAMES
    assert len(said) == 1
    params = apply_message(params, f"/sgview/{table}/s3", (0.75,), NETWORKS)
    assert held(params)["s3"] == 0.75
    for length in (longest + 1, 400, 60_000):
        with pytest.raises(RemoteError) as caught:
            apply_message(Params(), f"/sgview/{table}/{'x' * length}", (0.5,), NETWORKS)
        assert len(str(caught.value)) < 300


def test_recall() -> None:
    assert recall_of("/sgview/psi", (1.0,)) is None
    assert recall_of("/sgview/preset", (3.0,)) == RecallLook(key=3)
    assert recall_of("/sgview/preset", ("dawn", 2.5)) == RecallLook(name="dawn", seconds=2.5)
    for values in ((), (0.0,), (10.0,), (1e300,)):
        with pytest.raises(RemoteError):
            recall_of("/sgview/preset", values)


def test_a_journey_is_asked_for_by_messages() -> None:
    noise, seeds = Params(), Params(latents=Latents(source="seeds", seed=7, between=0.5))

    def going(params: Params, address: str, *values: float | str) -> Going | None:
        return going_of(params, address, values, lambda: 321)

    assert going(noise, "/sgview/psi", 1.0) is None
    thrown = going(seeds, "/sgview/dice", 1.0)
    assert thrown is not None and thrown.restarts == ("seed",)
    assert (thrown.params.latents.seed, thrown.params.latents.between) == (321, 0.0)
    chosen, without = going(noise, "/sgview/dice", 42.0), going(noise, "/sgview/dice")
    assert chosen is not None and chosen.params.noise.seed == 42
    assert without is not None and without.params.noise.seed == 321
    after, before = going(seeds, "/sgview/seed/next", 1.0), going(seeds, "/sgview/seed/previous")
    assert after is not None and after.params.latents.seed == 8
    assert before is not None and before.params.latents.seed == 6
    for value in (0.0, "x", math.nan, math.inf, 1e300):
        for address in ("/sgview/dice", "/sgview/seed/next"):
            assert going(seeds, address, value) == Going(seeds), value


def test_the_dice_is_thrown_from_outside() -> None:
    osc = OscInput(port=0)
    with Sources(osc) as sources, SimpleUDPClient("127.0.0.1", osc.port) as client:
        params, found = Params(latents=Latents(source="seeds")), []
        client.send_message("/sgview/dice", 42)
        until(lambda: found.append(sources.poll(params)) or found[-1].params != params)
        assert found[-1].params.latents.seed == 42 and found[-1].commands == (Restart("seed"),)
        there, found = Params(latents=Latents(source="library", entry="a.npz")), []
        client.send_message("/sgview/dice", 42)
        library = {"a.npz": 1, "b.npz": 2}
        until(
            lambda: found.append(sources.poll(there, library=library)) or found[-1].params != there
        )
        assert found[-1].params.latents.entry == "b.npz"


WORDS = st.sampled_from(
    ["noise", "translate", "edit", "1", "0", "blend", "L1", "layer", "", "x", "-1", "psi", "é"]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(WORDS, max_size=4).map(lambda words: "/sgview/" + "/".join(words)),
    st.lists(st.floats(allow_nan=True) | st.text(max_size=5), max_size=3),
)
def test_any_message_sets_something_or_is_refused(address, values) -> None:
    try:
        changed = apply_message(Params(edits=(Edit(tensor="a"),)), address, values, NETWORKS)
    except RemoteError:
        return
    assert isinstance(changed, Params)


def test_a_frame_hears_learns_and_reports() -> None:
    osc, midi = OscInput(port=0), MidiInput(backend=lambda: _raise())
    with Sources(osc, OscOutput(""), midi, picks_up=False) as sources:
        sources.poll(Params())
        sources.learn(Learn("noise.offset", "osc", -1.0, 1.0))
        with SimpleUDPClient("127.0.0.1", osc.port) as client:
            client.send_message("/sgview/noise/amplitude", 2)
            client.send_message("/sgview/preset", [4, 1.5])
            client.send_message("/sgview/nope", 1)
            client.send_message("/sgview/nope", 2)
            client.send_message("/fader", 0.5)
            until(lambda: bool(osc.snapshot()))
        midi.receive(mido.Message("program_change", program=1))
        incoming = sources.poll(Params(), NETWORKS)
        assert incoming.params.noise.amplitude == 2.0
        assert incoming.params.bindings == {}  # waits for what moves more
        assert incoming.commands == (RecallLook(key=4, seconds=1.5), RecallLook(key=2))
        assert incoming.problems == ("Nothing listens to /sgview/nope.",)
        assert incoming.inputs.osc == {"/fader": (0.5,)}
        assert sources.learning is not None
        learned = {"noise.offset": 'lerp(-1, 1, osc("/fader"))'}
        until(lambda: sources.poll(Params()).params.bindings == learned)
        assert sources.learning is None
        with SimpleUDPClient("127.0.0.1", osc.port) as client:
            client.send_message("/sgview/nope", 3)
            client.send_message("/fader", 0.75)
            until(lambda: osc.snapshot() == {"/fader": (0.75,)})
        assert sources.poll(incoming.params).problems == ()
        assert sources.osc_status().listens_at and not sources.midi_status().devices


def test_a_device_that_is_gone_is_said() -> None:
    class Losing(MidiInput):
        def take_problems(self) -> list[str]:
            return ["pads is gone"]

    with Sources(None, None, Losing(backend=lambda: _raise()), picks_up=False) as sources:
        assert sources.poll(Params()).problems == ("pads is gone",)


def test_inputs_stay_the_same_while_nothing_moves() -> None:
    sources = Sources()
    first = sources.poll(Params(), audio={"low": 0.5}).inputs
    assert first == Inputs(audio={"low": 0.5})
    assert sources.poll(Params(), audio={"low": 0.5}).inputs is first
    moved = sources.poll(Params(), audio={"low": 0.5}, mouse=(0.1, 0.2), is_mouse_down=True).inputs
    assert moved == Inputs(audio={"low": 0.5}, mouse=(0.1, 0.2), is_mouse_down=True)
    assert "switched off" in sources.osc_status().reason
    assert "switched off" in sources.midi_status().reason
    sources.close()


def _raise():
    raise ImportError


def test_a_class_by_number_and_by_name() -> None:
    network = replace(network_of("input"), c_dim=3, class_names=("cat", "owl", "dog"))
    networks: dict[Slot, NetworkStatus] = {"a": network}
    changed = apply_message(Params(), "/sgview/class", ("OWL",), networks)
    assert changed.mapping.class_weights == (0.0, 1.0)
    assert apply_message(changed, "/sgview/class", (1.0,), networks) is changed
    assert apply_message(changed, "/sgview/class", (0.0,), networks).mapping.class_weights == (1.0,)
    assert apply_message(Params(), "/sgview/class", (2.0,), {}).mapping.class_weights == (0, 0, 1)
    for value, words in (("fox", "no class"), (3.0, "one of 3 classes"), (-1.0, "3 classes")):
        with pytest.raises(RemoteError, match=words):
            apply_message(Params(), "/sgview/class", (value,), networks)
    with pytest.raises(RemoteError, match="without classes"):
        apply_message(Params(), "/sgview/class", (0.0,), NETWORKS)
