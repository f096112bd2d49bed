"""The command line: `sgview`, and one module for each further verb.

A module offers `add_arguments(parser)` and `run(args) -> exit code`. Modules are imported when
their verb is used, so that `sgview --help` needs no GPU, display or torch.
"""

from __future__ import annotations

import argparse
import atexit
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import sgview

VERBS = {
    "run": "play networks in a window (the default verb)",
    "render": "write pictures or a video, without a screen",
    "inspect": "say what is in a checkpoint file, or in a folder of them",
    "convert": "write a checkpoint as .safetensors",
    "networks": "list public networks and where they lie",
    "cache": "list or delete the networks that were fetched",
    "bench": "measure how fast networks run here",
    "tune": "find the fastest kernels for this graphics card, ahead of a show",
    "doctor": "say what this machine can do and what to install",
}

INTERRUPTED = 130  # exit code
_FEW_CORES = 2  # of a machine where a thread that only draws would be one too many

EPILOG = """verbs:
{verbs}

`sgview a.pkl b.pkl` plays network A with B to blend towards; `sgview` alone plays the built-in
pair. `sgview VERB --help` tells more; F1 in the window lists the keys."""


def program() -> NoReturn:
    """Be the program `sgview`: run it and end the process."""
    verb, *_ = [word for word in sys.argv[1:2] if word in VERBS] or ["run"]
    is_short = not {"-h", "--help", "--version", "--workers"}.isdisjoint(sys.argv)
    if verb in ("run", "render") and not is_short:
        from sgview.cli.warm_up import load_libraries

        load_libraries()
    code = main()
    if verb == "render" or code == INTERRUPTED:  # the window plays no more, or never has
        leave(code)
    sys.exit(code)


def leave(code: int) -> NoReturn:
    """End the process once all that is to be done at its end is done, and nothing else.

    To take down torch, its libraries and the context of CUDA piece by piece takes a second, and
    the system takes them all at once.
    """
    atexit._run_exitfuncs()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Returns:
        the exit code: 0 done, 1 it could not be done here, 2 wrong arguments or an unusable file,
        130 interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(format="sgview: %(message)s", level=logging.WARNING)
    verb = arguments.pop(0) if arguments and arguments[0] in VERBS else "run"
    _share_the_processor(has_window=verb == "run")
    parser = _parser(verb)
    try:
        module = importlib.import_module(f"sgview.cli.{verb}")
        module.add_arguments(parser)
        # the second network may stand behind an option: `sgview a.pkl --psi 0.7 b.pkl`
        parse = parser.parse_intermixed_args if verb in ("run", "render") else parser.parse_args
        return module.run(parse(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "sgview", "stylegan3"):
            raise
        advice = "install sgview anew, or only that: `sgview doctor` says how"
        print(f"sgview: the package {package} is not installed: {advice}", file=sys.stderr)
        return 1
    except _user_errors() as error:
        print(f"sgview: {error}{_advice(error)}", file=sys.stderr)
        return 2


def _share_the_processor(*, has_window: bool) -> None:
    """Let threads of libraries make way for each other; must come before torch and the window.

    By default torch's keep their cores busy for long while they wait. Beside a window that the
    processor draws, or any other program, each then waits for a core that the other holds: on two
    busy cores a picture of 0.7 s took 6. Without a window the wait is ten times as long: small
    pictures then take two quiet cores 25 ms instead of 29. And on two cores a window that they
    draw, by llvmpipe, is drawn by the thread that asks for it, so that the other goes on computing.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000" if has_window else "10000")
    if (os.cpu_count() or 1) <= _FEW_CORES:
        os.environ.setdefault("LP_NUM_THREADS", "0")


def _parser(verb: str) -> argparse.ArgumentParser:
    if verb != "run":
        description = f"{VERBS[verb][:1].upper()}{VERBS[verb][1:]}."
        return argparse.ArgumentParser(prog=f"sgview {verb}", description=description)
    verbs = "\n".join(f"  {name:<10}{text}" for name, text in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="sgview",
        usage="sgview [VERB] [A] [B] [options]",
        description="Play StyleGAN networks live: 1, 2, 3 and XL.",
        epilog=EPILOG.format(verbs=verbs),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sgview {sgview.__version__}")
    return parser


def _advice(error: Exception) -> str:
    """Return how a file that was fetched, and cannot be used, is fetched anew."""
    path = getattr(error, "path", None)
    if path is None or "sgview.downloads.cache" not in sys.modules:
        return ""
    from sgview.downloads.cache import Cache

    is_fetched = path.is_relative_to(Cache().folder)
    return f"; fetch it anew after `sgview cache --remove {path.name}`" if is_fetched else ""


def _user_errors() -> tuple[type[Exception], ...]:
    """Return the errors that a user can mend: their message is the whole answer."""
    from sgview.state.validation import ConfigError

    raised_by = {
        "stylegan3.checkpoints": "CheckpointError",
        "sgview.outputs.video": "OutputError",
        "sgview.downloads.addresses": "DownloadError",
    }
    loaded = (module for module in raised_by if module in sys.modules)  # import nothing for this
    return (ConfigError, *(getattr(sys.modules[m], raised_by[m]) for m in loaded))
