"""The canvas in the engine: sizes, what follows it, and memory that has no room for it."""

import pytest
import torch

from sgview.engine import canvas as module
from sgview.state.canvas import Canvas
from sgview.state.params import Edit, Layer, Params, View

WIDE = Params(canvas=Canvas(shape="free", width=2.0))


@pytest.fixture(params=["make_sg2", "make_sg3"])
def network(request: pytest.FixtureRequest):
    return request.getfixturevalue(request.param)(0)


def test_pictures_layers_and_edits_follow(engine, network) -> None:
    engine.set_network("a", network)
    plain = engine.render(Params(), 1.0)
    wide = engine.render(WIDE, 1.0)
    assert plain.rgba8.shape == (16, 16, 4) and wide.rgba8.shape == (16, 32, 4)
    assert wide.status.size == (32, 16) and wide.status.is_finite
    assert "32 × 16 px, 2.00× the pixels" in wide.status.canvas
    for layer in network.status.layers:
        shown = engine.render(Params(canvas=WIDE.canvas, layer=Layer(name=layer.name)), 1.0)
        assert shown.status.size[0] > layer.dimensions[0]
        assert shown.status.size[1] == layer.dimensions[1]
        place = network.status.layers.index(layer)
        assert shown.status.layer_sizes[place] == shown.status.size
        assert shown.status.image_size == (32, 16)
    assert plain.status.layer_sizes == ()
    flipped = engine.render(Params(canvas=WIDE.canvas, view=View(flip_horizontal=True)), 1.0)
    assert torch.equal(flipped.rgba8, wide.rgba8.flip(1))
    name = next(
        t.name
        for t in network.status.tensors
        if t.name.endswith(("const", "L1_12_8.bias", "input.weight"))
    )
    edit = Edit(tensor=name, operation="multiply", amount=-2.0)
    edited = engine.render(Params(canvas=WIDE.canvas, edits=(edit,)), 1.0)
    assert not torch.equal(edited.rgba8, wide.rgba8)
    assert torch.equal(engine.render(WIDE, 1.0).rgba8, wide.rgba8)
    assert torch.equal(engine.render(Params(), 1.0).rgba8, plain.rgba8)
    assert engine.take_notices() == []


def test_its_own_size_asks_for_nothing(engine, network, monkeypatch) -> None:
    engine.set_network("a", network)
    engine.render(Params(), 0.0)
    monkeypatch.setattr(module, "system_memory", None)  # would raise if it were called
    asked: list[dict] = []
    synthesis = engine._live["a"].generator.synthesis
    synthesis.register_forward_pre_hook(
        lambda _, args, kwargs: asked.append(kwargs), with_kwargs=True
    )
    engine.render(Params(), 1.0)
    assert asked == [{"noise_mode": "const"}]


def test_random_noise_is_a_function_of_time_on_a_canvas(engine, make_sg2) -> None:
    engine.set_network("a", make_sg2(0))
    params = Params(canvas=Canvas(shape="16:9", fill="mirror"), noise_mode="random")
    first, again, later = (engine.render(params, t).rgba8.clone() for t in (1.0, 1.0, 2.0))
    assert first.shape == (16, 28, 4)
    assert torch.equal(first, again) and not torch.equal(first, later)


def test_memory_is_asked_before_it_is_full(engine, network, monkeypatch) -> None:
    monkeypatch.setattr(module, "system_memory", lambda: (100_000, 1 << 30))
    engine.set_network("a", network)
    plain = engine.render(Params(), 1.0)
    assert "memory allows" in plain.status.canvas
    much = Params(canvas=Canvas(shape="free", width=16.0, height=16.0))
    refused = engine.render(much, 1.0)
    assert torch.equal(refused.rgba8, plain.rgba8)
    (notice,) = engine.take_notices()
    assert "A canvas of 256 × 256 px would take about" in notice.text
    assert notice.text.endswith("keeps its own size.") and "times" in notice.hint
    engine.render(much, 2.0)
    assert engine.take_notices() == []  # once
    monkeypatch.setattr(module, "system_memory", lambda: (0, 0))  # not known
    assert engine.render(WIDE, 1.0).status.size == (32, 16)


def test_a_card_has_the_room_that_torch_may_take_of_it(make_sg2, monkeypatch) -> None:
    """Less than is free where --vram bounds it; what is used already counts."""
    card, status, mib = torch.device("cuda", 0), make_sg2(0).status, 2**20
    asked = {"mem_get_info": (6 * mib, 8 * mib), "memory_reserved": mib}

    def room(fraction: float, used: int) -> float:
        values = asked | {"get_per_process_memory_fraction": fraction, "memory_allocated": used}
        for name, value in values.items():
            monkeypatch.setattr(torch.cuda, name, lambda device, value=value: value)
        canvas = module.CanvasOfNetwork(status, card)
        canvas.find(Canvas(), None)
        note = canvas.note(None).partition("memory allows ")[2]
        return float(note.rstrip("×"))

    free = room(1.0, 0)
    assert room(0.5, 0) == pytest.approx(free * 4 / 7, abs=1)
    assert room(0.5, 3 * mib) == pytest.approx(free / 7, abs=1)
    assert room(0.25, 3 * mib) == 0  # there is none: that is known
