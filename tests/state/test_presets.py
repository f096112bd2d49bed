"""Presets: round trips, hand-written files, and errors a person can act on."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgview.state.params import Blend, Edit, Layer, Mapping, Noise, Params
from sgview.state.presets import encode, load_preset, save_preset
from sgview.state.validation import ConfigError, build

RICH = Params(
    noise=Noise(type="simplex4d", translate=(1.5, -2.0, 0.25), period=0.3),
    mapping=Mapping(truncation_psi=0.7, truncation_cutoff=3, class_weights=(0.0, 1.0)),
    layer=Layer(name="L6", gain_db=-12.5),
    edits=(
        Edit(tensor="synthesis.input.weight", expression="sin(t)", channels=(2, 9)),
        Edit(tensor="mapping.fc0.bias", operation="add", amount=-0.1, enabled=False),
    ),
    blend=Blend(master=1.5, amounts={"L12": -0.6, "mapping": 1.7}),
)


@pytest.mark.parametrize("name", ["look.toml", "look.json"])
def test_round_trip(tmp_path: Path, name: str) -> None:
    path = tmp_path / "new folder" / name
    save_preset(RICH, path)
    assert load_preset(path) == RICH
    assert [file.name for file in path.parent.iterdir()] == [name]  # no temporary file stays


def test_toml_is_for_people(tmp_path: Path) -> None:
    text = encode(RICH)
    assert "translate = [1.5, -2.0, 0.25]" in text
    assert "[[edits]]" in text


@given(amount=st.floats(allow_nan=False), amplitude=st.floats(width=32, allow_nan=False))
def test_every_number_survives(amount: float, amplitude: float) -> None:
    import tomllib

    params = Params(noise=Noise(amplitude=amplitude), edits=(Edit(tensor="x", amount=amount),))
    data = tomllib.loads(encode(params))
    data.pop("version")
    assert build(data, Params, "text") == params


def test_hand_written_file_may_name_only_what_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[layer]\nname = 'L3'\n[noise]\namplitude = 2\n")
    params = load_preset(path)
    assert params.layer.name == "L3"
    assert params.noise == Noise(amplitude=2.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[noise]\nperod = 1", r"noise\.perod: there is no such setting; did you mean `period`"),
        ("[noise]\nperiod = -1", r"noise\.period: expected float > 0\.0, not -1"),
        ("[noise]\ntype = 'x'", r"noise\.type: invalid enum value 'x'; choose one of perlin2d"),
        ("[[edits]]\ntensor = 'a'\namout = 1", r"edits\[0\]\.amout: .*`amount`"),
        ("[[edits]]\namount = 1", r"edits\[0\]: object missing required field tensor"),
        ("[noise]\ntranslate = [1, 2]", r"noise\.translate: expected array of length 3, got 2"),
        ("[noise]\namplitude = 'loud'", r"noise\.amplitude: expected float, got str"),
        ("qqqq = 1", r"qqqq: there is no such setting; there is noise, latents"),
        ("version = 99", r"version 99 is not one this program reads"),
        ("[noise", r"is not valid TOML"),
    ],
)
def test_errors_name_file_key_and_cause(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "look.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        load_preset(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_presets(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_preset(tmp_path / "missing.toml")
    binary = tmp_path / "a.toml"
    binary.write_bytes(b"\x80\x04\x95\xff")
    with pytest.raises(ConfigError, match="is not a text file"):
        load_preset(binary)
    array = tmp_path / "a.json"
    array.write_text(json.dumps([1, 2]))
    with pytest.raises(ConfigError, match="must hold one table"):
        load_preset(array)
    array.write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="is not valid JSON"):
        load_preset(array)


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "look.json"
    save_preset(RICH, path)
    with pytest.raises(ValueError, match="JSON"):
        save_preset(Params(noise=Noise(amplitude=math.inf)), path)
    assert load_preset(path) == RICH
    with pytest.raises(ConfigError, match="cannot be written"):
        save_preset(RICH, path / "below_a_file.toml")
