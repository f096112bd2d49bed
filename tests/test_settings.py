"""Settings: layers, their documentation, and errors that name the key."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from sgview import resources, settings
from sgview.engine.acceleration import Acceleration
from sgview.settings import Settings, load_settings
from sgview.state.validation import ConfigError, plain


def default_table() -> dict:
    return tomllib.loads(resources.config("default.toml").read_text(encoding="utf-8"))


def test_default_file_documents_every_setting_with_its_default() -> None:
    assert default_table() == plain(Settings())


def test_example_edit_in_the_default_file_is_valid() -> None:
    text = resources.config("default.toml").read_text(encoding="utf-8")
    example = text[text.index("# [[params.edits]]") :].splitlines()
    table = tomllib.loads("\n".join(line.removeprefix("# ") for line in example))
    edit = msgspec.convert(table, Settings).params.edits[0]
    assert edit.tensor == "synthesis.input.weight"
    assert edit.channels == (0, 16)


def test_later_layers_win_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text('device = "cpu"\n[window]\nwidth = 800\nheight = 600\n')
    monkeypatch.setattr(settings, "user_config_path", lambda: own)
    given = tmp_path / "given.json"
    given.write_text('{"window": {"width": 320}, "params": {"noise": {"amplitude": 2}}}')
    loaded = load_settings(given)
    assert loaded.device == "cpu"
    assert (loaded.window.width, loaded.window.height) == (320, 600)
    assert loaded.params.noise.amplitude == 2.0
    assert load_settings(given, use_user_config=False).device == "auto"


def test_error_names_the_file_that_holds_the_wrong_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[window]\nwidht = 800\n")
    monkeypatch.setattr(settings, "user_config_path", lambda: own)
    with pytest.raises(ConfigError, match=r"own.toml: window.widht: .*did you mean `width`"):
        load_settings(None)


def test_engine_computes_by_default_as_the_settings_say() -> None:
    gpu = Settings().gpu
    assert gpu.kernels == "auto"
    assert Acceleration() == Acceleration(gpu.ops, gpu.precision, gpu.kernels)
