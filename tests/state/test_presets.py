"""Presets: round trips, hand-written files, and errors a person can act on."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgview.state.params import Blend, Edit, Layer, Mapping, Noise, Params
from sgview.state.presets import (
    MIGRATIONS,
    VERSION,
    Look,
    decode,
    encode,
    load_preset,
    read_preset,
    save_key,
    save_preset,
)
from sgview.state.validation import LARGEST, LARGEST_TOML, ConfigError, build

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


@settings(deadline=None)  # it does not race the clock
@given(
    amount=st.floats(-LARGEST, LARGEST),
    amplitude=st.floats(-LARGEST, LARGEST, width=32),
)
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
        ("version = true", r"version True is not one"),
        ("version = 'x'", r"version 'x' is not one"),
        ("[noise]\namplitude = nan", r"noise\.amplitude: expected a finite number, not nan"),
        ("[blend]\namounts = { L1 = -inf }", r"blend\.amounts\.L1: expected a finite number"),
        ("[look]\nkey = 10", r"look\.key: expected int <= 9, not 10"),
        ("[look]\nkye = 1", r"look\.kye: there is no such setting; did you mean `key`"),
        ("look = 3", r"look: expected object, got int"),
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


def test_a_file_of_version_1_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text("version = 1\n[layer]\nname = 'L3'\n")
    assert load_preset(path) == Params(layer=Layer(name="L3"))


def test_every_old_version_has_a_step_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sorted(MIGRATIONS) == list(range(1, VERSION))
    monkeypatch.setitem(MIGRATIONS, 1, lambda data: {"layer": {"name": data["show"]}})
    assert decode({"version": 1, "show": "L5"}, "x").params.layer.name == "L5"


@pytest.mark.parametrize("name", ["look.toml", "look.json"])
def test_the_key_is_kept_beside_the_parameters(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    save_preset(RICH, path, Look(key=4))
    assert read_preset(path).look == Look(key=4)
    assert load_preset(path) == RICH
    save_key(path, 7)
    assert read_preset(path).look.key == 7
    assert load_preset(path) == RICH


def test_a_new_key_leaves_the_comments_of_a_hand_written_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("# my look\n[noise]\nperiod = 2  # slow\n")
    save_key(path, 3)
    text = path.read_text()
    assert "# my look" in text
    assert "period = 2  # slow" in text
    assert read_preset(path).look.key == 3
    save_key(path, 0)
    assert read_preset(path).look.key == 0


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_bytes(b"#" * (LARGEST_TOML + 1))
    with pytest.raises(ConfigError, match="it is no preset"):
        load_preset(path)


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_trees = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["noise", "edits", "blend", "amounts", "look", "key", "bindings", "version", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(_trees.filter(lambda tree: isinstance(tree, dict)))
def test_whatever_a_file_holds_gives_parameters_or_one_sentence(data: dict) -> None:
    try:
        preset = decode(data, "file")
    except ConfigError as error:
        assert str(error).startswith("file: ")
    else:
        written = json.loads(encode(preset.params, as_json=True))
        assert decode(written, "again").params == preset.params


@given(st.binary(max_size=200))
def test_whatever_bytes_a_file_holds(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "look.toml"
    path.write_bytes(data)
    try:
        load_preset(path)
    except ConfigError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # shared/faults: a speed that ends in OverflowError once time has passed
        ('[playback]\nspeed = 1e307\n[bindings]\n"noise.offset" = "sin(t)"\n', "playback.speed: "),
        ("[noise]\nharmonic_spread = 1e308", r"noise.harmonic_spread: expected float <= 1000"),
        ("[noise]\nharmonic_gain = -1e300", r"noise.harmonic_gain: expected float >= -1000"),
        ("[noise]\nexponent = 1e6", r"noise.exponent: expected float <= 50"),
        ("[noise]\ntranslate = [0, 1e200, 0]", r"noise.translate\[1\]: expected a number between"),
        ("[mapping]\ntruncation_psi = 1e30", "mapping.truncation_psi: expected a number between"),
        ("[mapping]\ntruncation_psi = nan", "mapping.truncation_psi: expected a finite number"),
        ("[blend.amounts]\nL3 = inf", "blend.amounts.L3: expected a finite number"),
        (f"[layer]\nbase_channel = {10**300}", "layer.base_channel: expected a number of at most"),
    ],
)
def test_numbers_of_no_use_are_refused_by_their_path(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "look.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_preset(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_presets_of_any_editor_are_read(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = line_end.join(["# Grüße", "version = 2", "[noise]", "amplitude = 0.5", ""])
    path = tmp_path / "look.toml"
    path.write_bytes(text.encode(encoding))
    assert load_preset(path).noise.amplitude == 0.5
    save_key(path, 3)
    assert read_preset(path).look.key == 3
    assert "Grüße" in path.read_text(encoding="utf-8")


def test_a_preset_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    large = Params(bindings={f"sliders.{n}": "x" * 1000 for n in range(100)})
    with pytest.raises(ConfigError, match=r"more than 64 kB: let its name end in \.json"):
        save_preset(large, tmp_path / "look.toml")
    save_preset(large, tmp_path / "look.json")
    assert load_preset(tmp_path / "look.json") == large
    assert [path.name for path in tmp_path.iterdir()] == ["look.json"]
