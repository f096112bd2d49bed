"""How a training run begins: from nothing, from other networks, or where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from stylegan3 import load
from tools.training.checkpoint import load_pieces, load_record, restore_adam, under
from tools.training.options import Options
from tools.training.run_state import RunState


def begin(run: RunState, options: Options) -> float:
    """Take over what another run left, if one is named.

    Returns:
        seconds of it that count towards this run's budget.

    Raises:
        ValueError: if the other run is of another kind of network.
        FileNotFoundError: if a folder holds no run, or not all of it.
    """
    folder = options.resume or options.start_from
    if folder is None:
        return 0.0
    if options.start_from and folder.is_file():
        _take_file(run, folder)
        return 0.0
    tensors, plain = load_pieces(folder)
    if plain["network"] != options.network:
        raise ValueError(f"{folder} holds a {plain['network']} run, not {options.network}")
    p = run.players
    p.generator.load_state_dict(under(tensors, "generator"))
    p.discriminator.load_state_dict(under(tensors, "discriminator"))
    run.average.load_state_dict(under(tensors, "average"))
    if options.start_from:
        # Begin at the averaged weights: calmer than the last step's.
        p.generator.load_state_dict(under(tensors, "average"))
        own = {key: plain[key] for key in ("family", "images", "seed")}
        run.record = [*plain["record"], own]
        return 0.0
    _go_on(run, tensors, plain)
    return float(plain["seconds"])


def _take_file(run: RunState, file: Path) -> None:
    # What is shipped has no discriminator: a new one learns while the rate ramps up.
    state = load(file).state_dict()
    run.players.generator.load_state_dict(state)
    run.average.load_state_dict(state)
    run.record = load_record(file)


def _go_on(run: RunState, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
    p = run.players
    for adam, name in (
        (p.generator_adam, "generator_adam"),
        (p.discriminator_adam, "discriminator_adam"),
    ):
        restore_adam(adam, under(tensors, name), run.rate)
    if "dice" in tensors and run.rank == 0:
        run.dice.set_state(tensors["dice"].cpu())
    elif run.rank > 0:  # its own dice were not kept: any will do but those already used
        seed = run.options.seed * 64 + run.rank
        run.dice.manual_seed(seed + plain["step"] * 1_000_003)
    run.step, run.images = plain["step"], plain["images"]
    run.log, run.record = plain["log"], plain["record"]
    run.pool.restore(plain["drawn"])
