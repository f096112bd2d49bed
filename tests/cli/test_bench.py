"""`sgview bench`, as a user calls it."""

import contextlib
import json
import time
from types import SimpleNamespace

import pytest
import torch

from sgview.cli import bench_engine, main
from sgview.cli.bench import PUBLISHED_ON, Case, measure, published_cases
from sgview.cli.bench_cpu import floor_of
from sgview.cli.bench_report import Report, format_report
from sgview.engine.live_network import LiveNetwork
from sgview.state.machine import Timing
from sgview.state.params import Params
from stylegan3 import Generator, StyleGAN2Config
from tests.support import DATA

A, B = str(DATA / "sg3-t-64-a.pkl"), str(DATA / "sg2-64-a.pkl")


@pytest.fixture(autouse=True)
def same_threads_afterwards():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def bench(*arguments: str) -> int:
    return main(["bench", "--device", "cpu", "--frames", "2", "--threads", "1", *arguments])


def test_json_says_what_was_measured_where(capsys):
    assert bench("--network", A, B, "--json") == 0
    output = capsys.readouterr()
    report = json.loads(output.out)
    assert [r["network"] for r in report["results"]] == ["sg3-t-64-a.pkl", "sg2-64-a.pkl"]
    for result in report["results"]:
        assert 0 < result["min_ms"] <= result["median_ms"] <= result["max_ms"]
        assert result["fps"] == pytest.approx(1000 / result["median_ms"], rel=0.02)
        assert result["published_ms"] is None
        assert result["frames"] == 2
    assert report["threads"] == 1
    assert report["torch"] == torch.__version__
    assert "1 thread" in report["device"]
    assert output.err == ""  # no progress bar where nobody watches


def test_table_compares_with_the_published_code(capsys):
    config = StyleGAN2Config(img_resolution=8, channel_base=64, channel_max=8, z_dim=8, w_dim=8)
    results = measure(
        [Case("fast", lambda: Generator(config), 1e6), Case("own", lambda: Generator(config))],
        torch.device("cpu"),
        frames=1,
    )
    assert results[0].times_faster == pytest.approx(1e6 / results[0].median_ms, rel=0.01)
    assert bench("--network", A) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("sg3-t-64-a.pkl")
    assert lines[-1].split()[-2:] == ["-", "-"]


def test_published_configurations():
    on_cpu = {case.name: case.published for case in published_cases("cpu")}
    assert on_cpu["stylegan3-t 256"] == 7200
    assert on_cpu["stylegan3-t 128"] == 1400
    assert "built-in" in on_cpu
    on_cuda = {case.name: case.published for case in published_cases("cuda")}
    assert on_cuda["stylegan3-r 1024"] == 18.0
    assert set(PUBLISHED_ON) == {"cpu", "cuda"}


def test_what_cannot_be_measured_is_said(tmp_path, capsys):
    assert bench("--network", str(tmp_path / "none.pkl")) == 2
    assert "none.pkl" in capsys.readouterr().err
    assert bench("--device", "tpu") == 2
    assert "tpu" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        bench("--frames", "0")
    assert "must be at least 1" in capsys.readouterr().err


def test_report_without_comparison_has_no_footnote():

    report = Report("CPU", "a machine", "3.11", "2.13", 1, "", ())
    assert "published:" not in format_report(report)


def test_frames_of_the_engine_by_stage(capsys):
    assert bench("--network", A, "--engine", "--json") == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    engine = result["engine"]
    assert "no NVIDIA GPU" in engine["made_by"]
    scenes = {scene["scene"]: scene for scene in engine["scenes"]}
    assert len(scenes) == 6 + len(bench_engine.SOURCES)
    for name in bench_engine.SOURCES:
        assert scenes[f"source {name}"]["stages"]["latents"] > 0.0
    for scene in scenes.values():
        assert scene["frames"] == 2
        assert set(scene["stages"]) == {"latents", "weights", "mapping", "synthesis", "picture"}
        # Medians of parts do not add up exactly; on the CPU nothing runs beside the host.
        assert 0 < sum(scene["stages"].values()) < 1.5 * scene["wall_ms"] + 5
        assert scene["host_ms"] <= scene["wall_ms"]
    blended = next(scene for name, scene in scenes.items() if name.endswith("groups blend"))
    for scene in (scenes["1 edit, the largest tensor"], blended):
        assert scene["stages"]["weights"] > 0.0
    assert engine["memory"]["Network A"] == engine["memory"]["Network B"] > 0


def test_frames_of_the_engine_as_a_table(capsys):
    assert bench("--network", B, "--engine") == 0
    text = capsys.readouterr().out
    assert "sg2-64-a.pkl, frames of the engine [ms]" in text
    assert "noise alone moves" in text and "synthesis" in text and "memory: Network A" in text


class FakeCard:
    """An engine whose pictures are finished later than they are begun."""

    stream = "a stream"

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.finished = 0

    def render(self, params: Params, t: float) -> SimpleNamespace:
        self.begun.append(t)
        return SimpleNamespace(
            ready=SimpleNamespace(synchronize=self.finish), timings=(Timing("synthesis", 2.5),)
        )

    def finish(self) -> None:
        self.finished += 1
        time.sleep(0.002)


def test_frames_on_a_card_are_also_played_ahead_and_timed_behind_idling(monkeypatch):
    idling = []
    monkeypatch.setattr(torch.cuda, "stream", contextlib.nullcontext)
    monkeypatch.setattr(torch.cuda, "_sleep", idling.append)
    card = FakeCard()
    times = bench_engine._time_scene(card, "a scene", lambda frame: Params(), 8)  # type: ignore[arg-type]
    assert (times.scene, times.frames, times.stages) == ("a scene", 8, {"synthesis": 2.5})
    assert times.wall_ms - times.host_ms >= 1.9  # frame by frame, however busy the machine is
    assert times.ahead_ms is not None and times.ahead_ms >= 2.0
    assert len(idling) == 8 + 2 * 8 and card.finished == len(card.begun)


def test_on_the_processor_the_floor_of_the_operations_stands_beside(capsys):
    assert bench("--network", A, B, "--json") == 0
    for result in json.loads(capsys.readouterr().out)["results"]:
        floor = result["floor"]
        assert floor["floor_ms"] == pytest.approx(
            1000 * floor["gflop"] / floor["gflop_per_s"], rel=0.01
        )
        assert floor["times_floor"] == pytest.approx(result["min_ms"] / floor["floor_ms"], rel=0.01)
        assert floor["times_floor_cpu"] > 0


def test_counted_operations_are_those_of_direct_sums():
    config = StyleGAN2Config(img_resolution=16, channel_base=1024, channel_max=64, z_dim=8, w_dim=8)
    generator = Generator(config).requires_grad_(False)
    _, floor = floor_of(generator, 1)
    pixels = 4 * 4 + 4 * 4 + 8 * 8 + 8 * 8 + 16 * 16  # those that a 3x3 product is summed for
    assert floor.gflop > 2e-9 * 64 * 64 * 9 * pixels
    assert floor_of(generator, 1)[1].gflop == floor.gflop  # though what is kept spares products


def test_check_compares_what_is_played_with_the_plain_operations(capsys, monkeypatch):
    assert bench("--network", A, B, "--check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("sg3-t-64-a.pkl")
    assert "torch, layer by layer" in lines[1]
    assert lines[-1] == "all are right"
    monkeypatch.setattr(
        LiveNetwork, "run", lambda self, z, params, layer: (self.generator(z) * 1.01, z)
    )
    assert bench("--network", A, B, "--check", "--json") == 1
    for result in json.loads(capsys.readouterr().out):
        assert result["error"] == pytest.approx(0.01, rel=0.01)


def test_check_says_what_a_device_lacks(capsys, monkeypatch):
    def lacking(*_):
        raise NotImplementedError("The operator 'aten::sort' is not there.\nAnd more.")

    monkeypatch.setattr(LiveNetwork, "run", lacking)
    monkeypatch.setenv("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    assert bench("--network", A, "--check") == 1
    output = capsys.readouterr().out
    assert "WRONG" in output
    assert "  The operator 'aten::sort' is not there.\n" in output
    assert "unset it" in output
    assert output.splitlines()[-1] == "1 of 1 networks are wrong"


def test_no_network_of_that_name(capsys):
    assert bench("--only", "no such") == 2
    error = capsys.readouterr().err
    assert error.startswith("sgview: no network is called 'no such', but ")
    assert all(case.name in error for case in published_cases("cpu"))


def test_what_got_slower_is_said(capsys, tmp_path):
    old = tmp_path / "old.json"
    assert bench("--network", A, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    result = report["results"][0]

    def compare(factor: float, *options: str) -> int:
        changed = {**result, "median_ms": factor * result["median_ms"]}
        if result["floor"]:
            floor = {**result["floor"], "times_floor": factor * result["floor"]["times_floor"]}
            changed["floor"] = floor
        old.write_text(json.dumps({**report, "commit": "abc", "results": [changed]}))
        return bench("--network", A, "--compare", str(old), *options)

    assert compare(1e-3) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("compared with abc") for line in lines)
    assert lines[-1].split()[:2] == ["sg3-t-64-a.pkl", "picture"] and lines[-1].endswith("SLOWER")
    assert compare(1e3, "--json") == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["results"] and "SLOWER" not in output.err
    assert bench("--network", B, "--compare", str(old)) == 0
    assert "no network is in both" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"results": 3}', "[" * 100_000])
def test_what_is_no_report_is_said_before_anything_is_timed(text, capsys, tmp_path):
    path = tmp_path / "old.json"
    assert bench("--network", A, "--compare", str(path)) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
    path.write_text(text)
    assert bench("--network", A, "--compare", str(path)) == 2
    assert "is no report of `sgview bench --json`" in capsys.readouterr().err
