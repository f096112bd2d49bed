"""The options that `run` and `render` share: networks and the state of the instrument."""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path
from typing import cast, get_args

from msgspec.structs import replace

from sgview.settings import Settings, load_settings
from sgview.state.params import Edit, Operation, Params
from sgview.state.presets import load_preset
from sgview.state.validation import ConfigError

_EDIT = re.compile(r"^(?P<tensor>[\w.]+)(?::(?P<operation>\w+))?=(?P<amount>.*)$", re.DOTALL)
_BLEND = re.compile(r"^(?P<group>\w+)=(?P<amount>.+)$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the networks and the options that set `Params`."""
    parser.add_argument("a", metavar="A", nargs="?", help="network to play (.pkl .pt .safetensors)")
    parser.add_argument("b", metavar="B", nargs="?", help="network to blend towards")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, TOML or JSON")
    parser.add_argument("--preset", type=Path, metavar="FILE", help="state of the instrument")
    parser.add_argument("--device", choices=["auto", "cuda", "mps", "cpu"])
    parser.add_argument("--layer", metavar="NAME", help='show this layer, e.g. "L6", "b16.conv0"')
    parser.add_argument("--psi", type=float, metavar="X", help="truncation psi")
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="TENSOR[:OP]=AMOUNT",
        help="edit a tensor, e.g. 'synthesis.input.weight=sin(t)'; OP: multiply (default), "
        "add, noise, zero, sign, roll, shuffle, quantise; may be repeated",
    )
    parser.add_argument(
        "--blend",
        action="append",
        default=[],
        metavar="GROUP=AMOUNT",
        help="blend a layer group towards B, e.g. L12=0.5, mapping=1; may be repeated",
    )
    parser.add_argument("--flip-h", action="store_true", help="flip left and right")
    parser.add_argument("--flip-v", action="store_true", help="flip top and bottom")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the noise")


def settings_from(args: argparse.Namespace) -> Settings:
    """Return the settings of the files, with the options of the command line on top.

    Raises:
        ConfigError: naming the file or option, and the cause.
    """
    settings = load_settings(args.config)
    params = load_preset(args.preset) if args.preset is not None else settings.params
    networks = settings.networks
    if args.a is not None:
        networks = replace(networks, a=args.a, b=args.b or "")
    return replace(
        settings,
        device=args.device or settings.device,
        networks=networks,
        params=_with_options(params, args),
    )


def _with_options(params: Params, args: argparse.Namespace) -> Params:
    view, noise = params.view, params.noise
    if args.layer is not None:
        name = "" if args.layer == "image" else args.layer
        params = replace(params, layer=replace(params.layer, name=name))
    if args.psi is not None:
        params = replace(params, mapping=replace(params.mapping, truncation_psi=args.psi))
    if args.seed is not None:
        if not -(2**31) <= args.seed < 2**31:
            raise ConfigError(f"--seed {args.seed}: a seed is a whole number of at most 31 bits")
        params = replace(params, noise=replace(noise, seed=args.seed))
    if args.flip_h:
        view = replace(view, flip_horizontal=not view.flip_horizontal)
    if args.flip_v:
        view = replace(view, flip_vertical=not view.flip_vertical)
    amounts = params.blend.amounts | dict(parse_blend(text) for text in args.blend)
    return replace(
        params,
        view=view,
        edits=params.edits + tuple(parse_edit(text) for text in args.edit),
        blend=replace(params.blend, amounts=amounts),
    )


def parse_edit(text: str) -> Edit:
    """Read `TENSOR[:OPERATION]=AMOUNT`, the amount being a number or an expression in t.

    Raises:
        ConfigError: if the text has another form or the operation does not exist.
    """
    match = _EDIT.match(text)
    if match is None or not match["amount"].strip():
        raise ConfigError(
            f"--edit {text!r}: write TENSOR=AMOUNT, e.g. 'synthesis.input.weight=sin(t)'"
        )
    operation, amount = match["operation"] or "multiply", match["amount"].strip()
    operations = get_args(Operation)
    if operation not in operations:
        nearest = difflib.get_close_matches(operation, operations, n=1)
        advice = f"did you mean {nearest[0]!r}?" if nearest else f"there is {', '.join(operations)}"
        raise ConfigError(f"--edit {text!r}: no operation {operation!r}; {advice}")
    edit = Edit(tensor=match["tensor"], operation=cast(Operation, operation))
    try:
        return replace(edit, amount=float(amount))
    except ValueError:
        return replace(edit, expression=amount)


def parse_blend(text: str) -> tuple[str, float]:
    """Read `GROUP=AMOUNT`.

    Raises:
        ConfigError: if the text has another form.
    """
    match = _BLEND.match(text)
    try:
        if match is not None:
            return match["group"], float(match["amount"])
    except ValueError:
        pass
    raise ConfigError(f"--blend {text!r}: write GROUP=AMOUNT, e.g. L12=0.5")
