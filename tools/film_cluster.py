"""Render a film on a Ray cluster of two nodes of this machine, and lose a worker in the middle.

    python -m tools.film_cluster [--frames 120] [--workers-of-a-node 1] [--kill worker|node]

Starts what a user starts on two machines, `ray start --head` and `ray start --address`, each with
few cores, renders the same pictures by one process and to `ray://127.0.0.1:PORT`, ends a worker
or the whole second node by SIGKILL once chunks are there, and compares the files. Prints what
happened; the exit code is 0 if all files are the same.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sgview.cli.films.cluster import ENVIRONMENT
from sgview.cli.films.parts import MANIFEST, parts_folder
from tests.support.processes import descendants_called

_LIMIT = 300.0  # of each step [s]
_FPS = 16  # a chunk has so many pictures
_HOST = "127.0.0.1"
_TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
"""Ray 2.60 and later ask for one."""
_RAY = str(Path(sys.executable).with_name("ray"))


def main() -> int:
    """Run it, print what happened and return the exit code."""
    args = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="film-cluster-") as name:
        folder = Path(name)
        alone, by_cluster = folder / "alone", folder / "cluster"
        began = time.monotonic()
        _render(alone, args)
        _say(f"one process: {time.monotonic() - began:.1f} s, {len(_files(alone))} pictures")
        with _cluster(args.workers_of_a_node, folder) as (address, nodes):
            began = time.monotonic()
            process = _popen(_command(by_cluster, args, "--workers", address))
            killed = _kill(args.kill, nodes, by_cluster, process)
            _, said = process.communicate(timeout=_LIMIT)
            _say(f"{address}: exit code {process.returncode}, {time.monotonic() - began:.1f} s")
            for line in said.strip().splitlines()[-3:]:
                print(f"    {line}")
        same = _files(alone) == _files(by_cluster)
        _say(f"{killed}; the files are {'the same' if same else 'NOT the same'}")
        return 0 if same and process.returncode == 0 and killed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.film_cluster", description=__doc__)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--workers-of-a-node", type=int, default=1)
    parser.add_argument("--kill", choices=("worker", "node"), default="worker")
    return parser


def _command(out: Path, args: argparse.Namespace, *options: str) -> list[str]:
    command = [sys.executable, "-m", "sgview", "render", "--device", "cpu", "--force"]
    command += ["--frames", str(args.frames), "--fps", str(_FPS), "--out", str(out)]
    return [*command, *options]


def _render(out: Path, args: argparse.Namespace) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # as workers compute on a processor
    subprocess.run(_command(out, args), check=True, timeout=_LIMIT, env=environment)


def _popen(command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, **_TOKEN}
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)


@contextmanager
def _cluster(cpus: int, folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start both nodes; yield the address for `--workers`, and what ends with each node."""
    port, client = _free_port(), _free_port()
    environment = {**os.environ, **ENVIRONMENT, **_TOKEN}
    common = ["--block", f"--num-cpus={cpus}", "--disable-usage-stats", "--num-gpus=0"]
    common += [f"--node-ip-address={_HOST}"]
    head = [_RAY, "start", "--head", f"--port={port}", f"--ray-client-server-port={client}"]
    head += ["--include-dashboard=false", f"--temp-dir={folder / 'ray'}", *common]
    nodes: list[subprocess.Popen[bytes]] = []
    with (folder / "ray.log").open("wb") as log:
        try:
            for command in (head, [_RAY, "start", f"--address={_HOST}:{port}", *common]):
                nodes.append(
                    subprocess.Popen(
                        command, env=environment, stdout=log, stderr=log, start_new_session=True
                    )
                )
                _wait_for(port if len(nodes) == 1 else client)
            _wait_for_cpus(port, 2 * cpus, environment)
            yield f"ray://{_HOST}:{client}", nodes
        finally:
            for node in reversed(nodes):
                _end(node)


def _kill(
    what: str, nodes: list[subprocess.Popen[bytes]], out: Path, process: subprocess.Popen[str]
) -> str:
    """Kill once chunks of both nodes may be there; return what was killed, "" if nothing was."""
    manifest, deadline = parts_folder(out) / MANIFEST, time.monotonic() + _LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if manifest.read_bytes().count(b"\n") > 2:  # the film, and two chunks
                break
        time.sleep(0.02)
    if process.poll() is not None:
        return ""
    if what == "node":
        _end(nodes[1])
        return "the second node was killed"
    workers = descendants_called("ray::FilmWorker", nodes[1].pid)
    for number in workers:
        os.kill(number, signal.SIGKILL)
    return f"{len(workers)} workers of the second node were killed" if workers else ""


def _end(node: subprocess.Popen[bytes]) -> None:
    """Kill a node and all that it started."""
    children = descendants_called("", node.pid)
    for number in (*children, node.pid):
        with suppress(OSError):
            os.kill(number, signal.SIGKILL)
    node.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _LIMIT
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((_HOST, port), 1.0):
            return
        time.sleep(0.2)
    raise SystemExit("the cluster did not start")


def _wait_for_cpus(port: int, count: int, environment: dict[str, str]) -> None:
    code = (
        f"import ray, time; ray.init('{_HOST}:{port}', _node_ip_address='{_HOST}',"
        " log_to_driver=False, logging_level=40)\n"
        f"while ray.cluster_resources().get('CPU', 0) < {count}: time.sleep(0.2)"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=_LIMIT)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind((_HOST, 0))
        return asked.getsockname()[1]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
