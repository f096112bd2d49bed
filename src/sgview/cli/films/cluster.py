"""Ray: a cluster of this machine for one film, or one that is running."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any

from sgview.cli.films.where import REMOTE
from sgview.state.validation import ConfigError

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # It ends workers by how full memory looks, which is wrong where memory grows as it is used.
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_worker_niceness": "0",  # 15 otherwise: beside anything else a film would stand still
}
"""What Ray reads when it is started."""


def connect(where: str) -> tuple[Any, bool]:
    """Return Ray, connected to a cluster, and whether it was not connected before.

    Without an address that is one on this machine, started for this program alone.

    Raises:
        ConfigError: if Ray is not installed, or does not answer.
    """
    os.environ.update(ENVIRONMENT)
    try:
        import ray
    except ImportError:
        raise ConfigError("--workers needs Ray: pip install 'sgview[farm]'") from None
    if ray.is_initialized():
        return ray, False
    handler = signal.getsignal(signal.SIGTERM)  # Ray puts its own in its place
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if where.startswith(REMOTE):
            ray.init(where, **quiet)
        else:
            _start(ray, int(where), quiet)
    except Exception as error:  # of many kinds, Ray's and gRPC's
        raise ConfigError(f"Ray cannot be started at {where}: {cause_of(error)}") from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
    return ray, True


def _start(ray: Any, count: int, quiet: dict[str, Any]) -> None:
    """Start a cluster on this machine; once more if it was too busy to be ready in 30 s."""
    for is_last in (False, True):
        try:
            # As many processes are made ready at once as there are said to be processors; none of
            # more is needed, and beside each other they all start later.
            ray.init("local", include_dashboard=False, num_cpus=count, **quiet)
            return
        except Exception as error:
            if is_last or "timed out" not in str(error):
                raise
            ray.shutdown()


def cause_of(error: BaseException) -> str:
    """Return the first line of what an error says."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
