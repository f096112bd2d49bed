"""The options that `run` and `render` share: networks and the state of the instrument."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from msgspec.structs import replace

from sgview import resources
from sgview.cli import fetching
from sgview.settings import (
    GpuSettings,
    NetworkSettings,
    Settings,
    holds_settings,
    load_settings,
)
from sgview.state.canvas import canvas_named
from sgview.state.class_names import class_names_beside, class_numbered, only
from sgview.state.commands import Slot
from sgview.state.descriptions import name_of
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit, Params
from sgview.state.places import is_file
from sgview.state.presets import load_preset
from sgview.state.session import Session
from sgview.state.validation import ConfigError, problem_of

if TYPE_CHECKING:
    from sgview.engine.engine import Engine

_EDIT = re.compile(r"^(?P<tensor>[\w.]+)(?::(?P<operation>\w+))?=(?P<amount>.*)$", re.DOTALL)
FIRST_LOOK = "first"
"""The look that a built-in pair starts with, where nothing says otherwise."""

_BLEND = re.compile(r"^(?P<group>\w+)=(?P<amount>.+)$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the networks and the options that set `Params`."""
    parser.add_argument("a", metavar="A", nargs="?", help="network to play: a file or an address")
    parser.add_argument("b", metavar="B", nargs="?", help="network to blend towards")
    fetching.add_argument(parser)
    parser.add_argument(
        "--demo",
        choices=["sg2", "sg3"],
        help="which built-in pair of blooms and planets plays without A: sg2 (StyleGAN2, the "
        "default) or sg3 (StyleGAN3, layers L0 to L14; meant for a GPU)",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, TOML or JSON")
    parser.add_argument(
        "--preset",
        metavar="FILE|LOOK",
        help=f"state of the instrument: a file, or one of {', '.join(all_looks())}",
    )
    parser.add_argument("--device", choices=["auto", "cuda", "mps", "cpu"])
    add_gpu_arguments(parser)
    parser.add_argument("--layer", metavar="NAME", help='show this layer, e.g. "L6", "b16.conv0"')
    parser.add_argument(
        "--psi", type=number, metavar="X", help=name_of("mapping.truncation_psi").lower()
    )
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="TENSOR[:OP]=AMOUNT",
        help="edit a tensor, e.g. 'synthesis.input.weight=sin(t)'; OP: multiply (default), "
        f"{', '.join(name for name in OPERATIONS if name != 'multiply')}; may be repeated",
    )
    parser.add_argument(
        "--blend",
        action="append",
        default=[],
        metavar="GROUP=AMOUNT",
        help="blend a layer group towards B, e.g. L12=0.5, mapping=1, or all=0.5 for those that "
        "are not named; may be repeated",
    )
    parser.add_argument(
        "--canvas",
        metavar="16:9|9:16|2:1|WxH",
        help="pictures of another shape than the network's own: WxH in pixels, e.g. 1820x1024, or "
        "up to 16 times its own width and height, e.g. 1.5x1",
    )
    parser.add_argument("--flip-h", action="store_true", help="flip left and right")
    parser.add_argument("--flip-v", action="store_true", help="flip top and bottom")
    parser.add_argument(
        "--class",
        dest="class_name",
        metavar="NAME|N",
        help="class of a conditional network: its number, or its name in the text beside A",
    )
    parser.add_argument("--seed", type=int, metavar="N", help=name_of("noise.seed").lower())


def number(text: str) -> float:
    """Read a number of the command line, for `argparse` and others.

    Raises:
        argparse.ArgumentTypeError: if it is none, not finite, or out of any use.
    """
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if problem := problem_of(value):
        raise argparse.ArgumentTypeError(problem)
    return value


def add_gpu_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how networks are computed on an NVIDIA GPU."""
    parser.add_argument("--ops", choices=["auto", "ref"], help="ref: plain torch, no kernels")
    parser.add_argument(
        "--precision",
        choices=["fast", "published", "fp32"],
        help="fast: float16; published: as the networks were trained; fp32",
    )
    parser.add_argument(
        "--kernels", choices=["auto", "generic"], help="auto: also those for one GPU alone"
    )
    parser.add_argument(
        "--vram", type=_gib, metavar="GIB", help="take at most this much of the GPU's memory"
    )


def gpu_from(args: argparse.Namespace, settings: GpuSettings) -> GpuSettings:
    """Return `settings` with what the command line says of the GPU on top."""
    return replace(
        settings,
        ops=args.ops or settings.ops,
        precision=args.precision or settings.precision,
        kernels=args.kernels or settings.kernels,
        tune=getattr(args, "tune", None) or settings.tune,
        vram=settings.vram if args.vram is None else args.vram,
    )


def settings_from(args: argparse.Namespace, session: Session | None = None) -> Settings:
    """Return the settings of the files, with the options of the command line on top.

    Args:
        args: the command line.
        session: what takes the place of the networks and parameters of the files.

    Raises:
        ConfigError: naming the file or option, and the cause.
    """
    settings = load_settings(args.config)
    configured = settings.networks if session is None else networks_of(session)
    networks = _networks(configured, args)
    if args.preset is not None:
        params = params_of(find_preset(args.preset))
    elif session is not None:
        params = session.params
    elif not networks.a:
        look = resources.looks(networks.demo)[FIRST_LOOK]
        params = load_settings(args.config, look=look).params
    else:
        params = settings.params
    return replace(
        settings,
        device=args.device or settings.device,
        gpu=gpu_from(args, settings.gpu),
        networks=networks,
        params=_with_class(_with_options(params, args), args, networks),
    )


def networks_of(session: Session) -> NetworkSettings:
    """Return what a session wanted to play; what was built in is ""."""
    wanted = session.surroundings.networks
    return NetworkSettings(
        a=wanted.get("a", ""), b=wanted.get("b", ""), demo=session.surroundings.demo
    )


def paths_of(networks: NetworkSettings) -> dict[Slot, str]:
    """Return the files that are named, by slot."""
    paths: dict[Slot, str] = {"a": networks.a, "b": networks.b}
    return {slot: path for slot, path in paths.items() if path}


def _networks(configured: NetworkSettings, args: argparse.Namespace) -> NetworkSettings:
    if args.a is not None:
        if args.demo is not None:
            raise ConfigError(f"--demo {args.demo} plays built-in networks: leave out {args.a}")
        return replace(configured, a=args.a, b=args.b or "")
    if args.demo is not None:
        return NetworkSettings(demo=args.demo)
    return configured


def all_looks() -> dict[str, Path]:
    """Return the looks of both built-in pairs by name."""
    return resources.looks("sg3") | resources.looks()


def find_preset(name: str) -> Path:
    """Return the file of that name, or the look.

    Raises:
        ConfigError: if there is neither.
    """
    path, looks = Path(name), all_looks()
    if is_file(path):
        return path
    if name in looks:
        return looks[name]
    if path.suffix or len(path.parts) > 1:
        return path  # certainly a file, and whoever reads it says what is wrong with it
    near = difflib.get_close_matches(name, looks, n=1)
    advice = f"did you mean {near[0]}? " if near else ""
    raise ConfigError(
        f"--preset {name}: there is no such file or look; {advice}the looks are {', '.join(looks)}"
    )


def params_of(path: Path) -> Params:
    """Read a preset, or what a snapshot carries.

    Raises:
        ConfigError: if the file is neither.
    """
    if path.suffix.lower() != ".png":
        try:
            return load_preset(path)
        except ConfigError as error:
            if holds_settings(path):
                text = f"--preset {path}: that file holds settings: start with --config {path}"
                raise ConfigError(text) from error
            raise
    from sgview.outputs.snapshot import load_snapshot_params

    return load_snapshot_params(path)


def open_engine(settings: Settings) -> Engine:
    """Return the engine that the settings ask for.

    Raises:
        ConfigError: if the device is not there.
    """
    from sgview.engine.acceleration import Acceleration
    from sgview.engine.device import limit_memory
    from sgview.engine.engine import Engine  # brings torch, which --help does not need

    gpu = settings.gpu
    try:
        acceleration = Acceleration(gpu.ops, gpu.precision, gpu.kernels, gpu.layers, gpu.tune)
        found = platformdirs.user_state_path("sgview") / "directions"
        engine = Engine(settings.device, acceleration, Path(settings.folders.latents), found)
        limit_memory(engine.device, gpu.vram)
        return engine
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _gib(text: str) -> float:
    """Read an amount of memory [GiB], e.g. "4", "1.5" or "1.5GB"."""
    number = text.strip().lower().removesuffix("b").removesuffix("gi").removesuffix("g")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of GiB, such as 4 or 1.5")
    return value


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
    if args.canvas is not None:
        try:
            params = replace(params, canvas=canvas_named(args.canvas, params.canvas))
        except ValueError as error:
            raise ConfigError(f"--canvas {args.canvas}: {error}") from None
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


def _with_class(params: Params, args: argparse.Namespace, networks: NetworkSettings) -> Params:
    """Set the label that `--class` names.

    Raises:
        ConfigError: if no class is called so.
    """
    if args.class_name is None:
        return params
    names = class_names_beside(Path(networks.a)) if networks.a else ()
    try:
        weights = only(class_numbered(args.class_name, names))
    except ValueError as error:
        raise ConfigError(f"--class {args.class_name}: {error}") from None
    return replace(params, mapping=replace(params.mapping, class_weights=weights))


def class_of(params: Params, args: argparse.Namespace) -> int | None:
    """Return the number of the class that `--class` names, None without it."""
    return None if args.class_name is None else len(params.mapping.class_weights) - 1


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
    if operation not in OPERATIONS:
        nearest = difflib.get_close_matches(operation, OPERATIONS, n=1)
        advice = f"did you mean {nearest[0]!r}?" if nearest else f"there is {', '.join(OPERATIONS)}"
        raise ConfigError(f"--edit {text!r}: no operation {operation!r}; {advice}")
    edit = Edit(tensor=match["tensor"], operation=operation)
    try:
        value = float(amount)
    except ValueError:
        return replace(edit, expression=amount)
    if problem := problem_of(value):
        raise ConfigError(f"--edit {text!r}: {problem}")
    return replace(edit, amount=value)


def parse_blend(text: str) -> tuple[str, float]:
    """Read `GROUP=AMOUNT`.

    Raises:
        ConfigError: if the text has another form.
    """
    match = _BLEND.match(text)
    if match is None:
        raise ConfigError(f"--blend {text!r}: write GROUP=AMOUNT, e.g. L12=0.5")
    try:
        return match["group"], number(match["amount"])
    except argparse.ArgumentTypeError as error:
        raise ConfigError(f"--blend {text!r}: {error}; write GROUP=AMOUNT, e.g. L12=0.5") from None
