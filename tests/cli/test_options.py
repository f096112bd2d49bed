"""Options shared by `sgview` and `sgview render`."""

import argparse
import importlib

import numpy as np
import pytest
from msgspec.structs import replace

from sgview import resources, settings
from sgview.cli import main, options
from sgview.outputs.snapshot import save_snapshot
from sgview.state.params import Edit, Mapping, Params
from sgview.state.presets import load_preset
from sgview.state.validation import ConfigError
from tests.support import ROOT


@pytest.fixture(autouse=True)
def no_user_config(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "user_config_path", lambda: tmp_path / "none.toml")


def parse(*arguments: str) -> settings.Settings:
    parser = argparse.ArgumentParser()
    options.add_arguments(parser)
    return options.settings_from(parser.parse_args(arguments))


def test_everything_at_once() -> None:
    given = parse(
        *("a.pkl", "b.pkl", "--layer", "L6", "--psi", "0.7", "--flip-h", "--seed", "5"),
        *("--edit", "synthesis.input.weight=sin(t)", "--edit", "mapping.fc0.bias:add=-0.5"),
        *("--blend", "L12=0.5", "--blend", "mapping=-1", "--device", "cpu"),
    )
    assert (given.networks.a, given.networks.b, given.device) == ("a.pkl", "b.pkl", "cpu")
    params = given.params
    assert params.layer.name == "L6"
    assert params.mapping.truncation_psi == 0.7
    assert params.noise.seed == 5
    assert (params.view.flip_horizontal, params.view.flip_vertical) == (True, False)
    assert params.blend.amounts == {"L12": 0.5, "mapping": -1.0}
    assert params.edits == (
        Edit(tensor="synthesis.input.weight", expression="sin(t)"),
        Edit(tensor="mapping.fc0.bias", operation="add", amount=-0.5),
    )


def test_options_go_on_top_of_a_preset(tmp_path) -> None:
    preset = tmp_path / "look.toml"
    preset.write_text("[layer]\nname = 'L3'\n[view]\nflip_horizontal = true\n[noise]\nperiod = 2")
    params = parse("--preset", str(preset), "--layer", "image", "--flip-h").params
    assert params.layer.name == ""
    assert params.view.flip_horizontal is False
    assert params.noise.period == 2.0


def test_a_canvas_goes_on_top_of_a_preset(tmp_path) -> None:
    preset = tmp_path / "look.toml"
    preset.write_text("[canvas]\nshape = '2:1'\nfill = 'mirror'")
    assert parse("--preset", str(preset)).params.canvas.shape == "2:1"
    canvas = parse("--preset", str(preset), "--canvas", "1820x1024").params.canvas
    assert (canvas.shape, canvas.pixels_wide, canvas.pixels_high) == ("pixels", 1820.0, 1024.0)
    assert canvas.fill == "mirror"
    with pytest.raises(ConfigError, match=r"^--canvas 4:3: write own, 16:9"):
        parse("--canvas", "4:3")


def test_networks_given_replace_those_of_the_configuration(tmp_path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[networks]\na = 'one.pkl'\nb = 'two.pkl'")
    assert parse("--config", str(config)).networks.b == "two.pkl"
    assert parse("--config", str(config), "three.pkl").networks == settings.NetworkSettings(
        a="three.pkl"
    )


def test_without_a_network_the_first_look_plays_under_all_else(tmp_path) -> None:
    first = load_preset(resources.looks()["first"])
    assert parse().params == first
    assert parse("faces.pkl").params == Params()
    assert parse("--demo", "sg3").params == first
    config = tmp_path / "c.toml"
    config.write_text("[params.noise]\namplitude = 2.0")
    given = parse("--config", str(config), "--psi", "0.5").params
    assert given.noise == replace(first.noise, amplitude=2.0)
    assert given.latents == first.latents
    assert given.mapping.truncation_psi == 0.5
    config.write_text("[networks]\na = 'one.pkl'")
    assert parse("--config", str(config)).params == Params()


def test_demo_takes_the_place_of_configured_networks(tmp_path) -> None:
    assert parse().networks.demo == "sg2"
    config = tmp_path / "c.toml"
    config.write_text("[networks]\na = 'one.pkl'\nb = 'two.pkl'")
    given = parse("--config", str(config), "--demo", "sg3").networks
    assert given == settings.NetworkSettings(demo="sg3")
    with pytest.raises(ConfigError, match=r"leave out faces\.pkl"):
        parse("faces.pkl", "--demo", "sg3")


def test_a_look_is_found_by_its_bare_name(tmp_path, monkeypatch) -> None:
    assert parse("--preset", "veins").params == load_preset(resources.looks()["veins"])
    assert parse("--preset", "breath").params == load_preset(resources.looks("sg3")["breath"])
    with pytest.raises(ConfigError) as caught:
        parse("--preset", "vein")
    assert "did you mean veins?" in str(caught.value)
    assert "first, " in str(caught.value)
    with pytest.raises(ConfigError, match=r"vein\.toml cannot be read"):
        parse("--preset", "vein.toml")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "veins").write_text("[layer]\nname = 'L3'")
    assert parse("--preset", "veins").params.layer.name == "L3"  # a file comes first


@pytest.mark.parametrize("text", ["", "x", "=1", "x=", "a b=1"])
def test_malformed_edits(text: str) -> None:
    with pytest.raises(ConfigError, match="write TENSOR=AMOUNT"):
        options.parse_edit(text)


def test_unknown_operation_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'multiply'"):
        options.parse_edit("x:multiplly=2")


def test_options_hold_numbers_of_use(capsys, tmp_path) -> None:
    for words in (
        ["--start", "nan"],
        ["--start=-inf"],
        ["--fps", "nan"],
        ["--fps", "1e-9"],
        ["--fps", "inf"],
        ["--psi", "nan"],
        ["--psi", "1e300"],
        ["--blend", "L3=inf"],
        ["--blend", "mapping=nan"],
        ["--edit", "mapping.w_avg=nan"],
        ["--edit", "mapping.w_avg=1e40"],
        ["--frames", "1000000000000"],
    ):
        try:
            code = main(["render", "--out", str(tmp_path / "film.mp4"), *words])
        except SystemExit as leaving:
            code = leaving.code
        assert code == 2, words
        said = capsys.readouterr().err.splitlines()[-1]
        assert words[0].partition("=")[0] in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["\0", "x" * 5000, "x" * 300 + ".toml"])
def test_a_strange_name_of_a_preset_is_one_sentence(capsys, name: str) -> None:
    assert main(["render", "--out", "x.mp4", "--preset", name]) == 2
    assert "sgview: " in capsys.readouterr().err


def test_a_snapshot_is_a_preset_too(tmp_path) -> None:
    params = Params(mapping=Mapping(truncation_psi=0.25))
    save_snapshot(tmp_path / "shot.png", np.zeros((4, 4, 4), np.uint8), params)
    assert parse("--preset", str(tmp_path / "shot.png")).params == params


def test_settings_that_are_taken_for_a_preset_are_said_to_be_some() -> None:
    path = str(ROOT / "configs" / "default.toml")
    with pytest.raises(ConfigError, match=r"holds settings: start with --config .*default\.toml"):
        parse("--preset", path)


@pytest.mark.parametrize("text", ["", "L1", "L1=", "L1=a lot", "=1"])
def test_malformed_blends(text: str) -> None:
    with pytest.raises(ConfigError, match="write GROUP=AMOUNT"):
        options.parse_blend(text)


def test_errors_are_one_line_and_exit_code_2(capsys) -> None:
    assert main(["render", "--edit", "x", "--out", "never.mp4"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "sgview: --edit 'x': write TENSOR=AMOUNT, e.g. 'synthesis.input.weight=sin(t)'"
    ]


def test_help_lists_the_verbs_without_importing_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys, sgview.cli\n"
        "try: sgview.cli.main(['--help'])\n"
        "except SystemExit as e: assert e.code == 0\n"
        "assert not {'torch', 'OpenGL', 'imgui_bundle'} & set(sys.modules), 'heavy import'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for verb in ("render", "inspect", "convert", "bench", "doctor"):
        assert f"  {verb}" in done.stdout


@pytest.mark.parametrize("verb", ["run", "render"])
def test_the_second_network_may_stand_behind_an_option(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[argparse.Namespace] = []
    module = importlib.import_module(f"sgview.cli.{verb}")
    monkeypatch.setattr(module, "run", lambda args: seen.append(args) or 0)
    arguments = ["a.pkl", "--edit", "synthesis.b4.const=1", "b.pkl", "--psi", "0.5"]
    if verb == "render":
        arguments += ["--out", "out.mp4"]
    assert main([verb, *arguments]) == 0
    assert main([verb, *(word for word in arguments if word != "b.pkl")]) == 0
    assert [(args.a, args.b, args.edit) for args in seen] == [
        ("a.pkl", "b.pkl", ["synthesis.b4.const=1"]),
        ("a.pkl", None, ["synthesis.b4.const=1"]),
    ]


def test_a_class_by_number_and_by_the_name_beside_the_network(tmp_path) -> None:
    network = tmp_path / "a.pkl"
    assert parse(str(network), "--class", "2").params.mapping.class_weights == (0, 0, 1)
    with pytest.raises(ConfigError, match="--class owl: no file beside the network"):
        parse(str(network), "--class", "owl")
    (tmp_path / "a.txt").write_text("cat\nowl\n")
    assert parse(str(network), "--class", "owl").params.mapping.class_weights == (0, 1)
    with pytest.raises(ConfigError, match="no class is called 'dog'"):
        parse(str(network), "--class", "dog")


@pytest.mark.parametrize(("text", "gib"), [("4", 4.0), ("1.5GB", 1.5), ("2 GiB", 2.0)])
def test_memory_of_the_card(text: str, gib: float) -> None:
    assert parse("--vram", text).gpu.vram == gib


@pytest.mark.parametrize("text", ["0", "-1", "much", "nan", "1e9", ""])
def test_what_is_no_amount_of_memory(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(f"--vram={text}")
    assert "is no amount of GiB" in capsys.readouterr().err
