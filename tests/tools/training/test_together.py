"""Training in several processes, and of both pairs in several calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from stylegan3 import load
from tests.support import ROOT
from tools.training import pairs
from tools.training.checkpoint import load_pieces
from tools.training.distributed import Gradients
from tools.training.options import parse
from tools.training.train import train
from tools.training.trainer import Trainer

SMALL = [
    *("--device", "cpu", "--pool", "32", "--pool-start", "16", "--chunk", "8"),
    *("--channel-base", "256", "--channel-max", "16", "--tick", "2", "--samples", "0"),
]


def test_two_processes_stay_one_network(tmp_path: Path) -> None:
    arguments = [*SMALL, "--network", "sg2-tiny", "--stages", "16x4:0.5,32x4:0.5", "--steps", "4"]
    processes = []
    for rank in range(2):
        environment = os.environ | {
            "RANK": str(rank),
            "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(29_000 + os.getpid() % 900),
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, str(ROOT / "tools/training/train.py"), *arguments]
        command += ["--out", str(tmp_path / str(rank)), "--state", "full"]
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, text=True))  # fmt: skip
    output = [process.communicate(timeout=200)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], output
    tensors, plain = load_pieces(tmp_path / "0")  # the first process alone writes
    assert plain["images"] == 4 * 4 * 2
    assert not list((tmp_path / "1").glob("*.safetensors"))

    alone = Trainer(parse([*arguments, "--out", str(tmp_path / "alone")]))
    alone.run()
    name = "generator/synthesis.b16.conv1.weight"
    assert tensors[name].isfinite().all()
    assert not torch.equal(tensors[name], alone.networks()[name])  # the other's pictures count


def test_gradients_keep_their_addresses() -> None:
    layer = nn.Linear(3, 2)
    gradients = Gradients(list(layer.parameters()))
    gradients.attach()
    before = layer.weight.grad
    found = torch.autograd.grad(layer(torch.ones(1, 3)).sum(), list(layer.parameters()))
    gradients.store(found)
    gradients.average()  # alone: as they are
    assert layer.weight.grad is before
    assert torch.equal(layer.weight.grad, torch.ones(2, 3))


def test_a_run_pauses_and_goes_on_with_its_plan(tmp_path: Path) -> None:
    arguments = [*SMALL, "--network", "sg3-tiny", "--minutes", "60", "--state", "full"]
    first = [*arguments, "--stages", "16x4:0.5,32x4:0.5", "--pause-at", "0.0001"]
    record = train(parse([*first, "--out", str(tmp_path)]))
    assert record["images"] == 0
    assert load(tmp_path / "sg3-tiny-blooms.safetensors").img_resolution == 32
    going_on = Trainer(parse([*arguments, "--resume", str(tmp_path), "--out", str(tmp_path)]))
    assert [stage.resolution for stage in going_on.stages] == [16, 32]
    assert going_on.budget.seconds >= load_pieces(tmp_path)[1]["seconds"]


@pytest.fixture
def plan(tmp_path: Path) -> pairs.Plan:
    (tmp_path / "work").mkdir()
    deadline = time.monotonic() + 600
    return pairs.Plan(tmp_path / "work", tmp_path / "out", 20.0, 0.4, deadline, False, 64, ())


def options_of(arguments: list[str]) -> dict[str, str]:
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def test_planets_starts_from_the_fork_and_then_resumes(plan: pairs.Plan) -> None:
    first = options_of(pairs._run(plan, "sg2", "planets", None))
    assert first["--start-from"] == str(plan.work / "sg2-fork")
    assert float(first["--minutes"]) == pytest.approx(12)  # what blooms leaves of the 20
    assert float(first["--pause-at"]) == pytest.approx(10 - pairs._WRITING, abs=0.1)

    folder = plan.work / "sg2-planets"
    folder.mkdir()
    (folder / "state-0.safetensors").touch()
    (folder / "sg2-planets.json").write_text(json.dumps({"record": {"minutes": 5.0}}))
    last = options_of(pairs._run(replace(plan, is_last=True), "sg2", "planets", None))
    assert last["--resume"] == str(folder)
    assert "--start-from" not in last
    # the last call's end is the budget's end, so that the learning rate has fallen by then
    assert float(last["--minutes"]) == pytest.approx(15, abs=0.1)


def test_gpus_and_phases_of_a_pair(plan: pairs.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, list[str]]] = []

    class Recorder(pairs.Crew):
        def start(self, plan, name, gpus, arguments):
            started.append((name, gpus))
            folder = plan.work / name
            folder.mkdir(exist_ok=True)
            minutes = min(8.0, float(options_of(arguments)["--pause-at"]))
            (folder / f"{name}.json").write_text(json.dumps({"record": {"minutes": minutes}}))
            return []

    pairs.play_pair(plan, Recorder(), "sg2", ["0", "1"])
    assert started == [
        ("sg2-blooms", ["0", "1"]),
        ("sg2-blooms", ["0"]),
        ("sg2-planets", ["1"]),
    ]
    assert (plan.work / "sg2-fork" / "sg2-blooms.json").exists()
    started.clear()
    pairs.play_pair(plan, Recorder(), "sg2", ["0"])  # a later call, one GPU: no first phase
    assert started == [("sg2-blooms", ["0"]), ("sg2-planets", ["0"])]


def test_results_fit_into_few_small_files(plan: pairs.Plan) -> None:
    folder = plan.work / "sg2-tiny-blooms"
    arguments = [*SMALL, "--network", "sg2-tiny", "--stages", "32x4:1", "--steps", "2"]
    train(parse([*arguments, "--state", "none", "--out", str(folder)]))
    shutil.copytree(folder, plan.work / "sg2-tiny-planets")
    for file in sorted((plan.work / "sg2-tiny-planets").iterdir()):
        file.rename(file.with_name(file.name.replace("blooms", "planets")))
    files = pairs.collect(plan, ["sg2-tiny", "sg3-tiny"])  # the second was never begun
    assert sorted(file.name for file in files) == [
        "curves.png",
        "pairs.json",
        "sg2-tiny-blooms.safetensors",
        "sg2-tiny-planets.safetensors",
        "sheets.jpg",
    ]
    assert json.loads((plan.out / "pairs.json").read_text()).keys() == {
        "sg2-tiny-blooms",
        "sg2-tiny-planets",
    }
    with Image.open(plan.out / "sheets.jpg") as sheet:
        assert sheet.size == (2400, 600)
    assert (plan.out / "sheets.jpg").stat().st_size < 1_500_000
