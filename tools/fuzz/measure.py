"""One input tried: what it took, and what came out that should not."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

TIME, MEMORY = 0.2, 50.0
"""What one input may take: processor time [s], and memory above its own size [MB]."""
SLACK = 10.0
"""So many times the time is a failure; less is noted, since other programs run here too."""
LONGEST_SENTENCE = 2000  # [characters]

# What a reader never does, as Python's audit events name it.
FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork",
    "subprocess.Popen", "socket.", "ctypes.dlopen", "import", "exec", "os.remove", "os.rename",
    "shutil.", "webbrowser.open", "pickle.find_class", "urllib.Request", "ftplib.", "smtplib.",
)  # fmt: skip


@dataclass
class Outcome:
    """What all inputs of a target took."""

    inputs: int = 0
    accepted: int = 0  # that gave a value; all others gave a sentence
    seconds: float = 0.0
    worst_time: float = 0.0  # of the processor [s]
    worst_memory: float = 0.0  # above the input's own size [MB]
    watched: float = 0.0  # when the watchdog was set [s]
    slow: int = 0  # inputs over `TIME`, tried again
    escaped: list[str] = field(default_factory=list)  # what, and where the input is kept


class Watch:
    """Notes what a reader does beside reading, while it is armed; a hook cannot be removed."""

    def __init__(self) -> None:
        self.is_armed = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.is_armed or not event.startswith(FORBIDDEN):
            return
        self.seen.append(f"{event} {str(arguments[:1])[:100]}")


class Judge:
    """Tries inputs on one reader.

    Args:
        read: the reader.
        refusals: what it may raise; each is one sentence.
        watch: hears what else it does.
        keep: called with an input and why it is kept; returns where.
        time_limit, memory_limit: of one input [s], [MB].
    """

    def __init__(
        self,
        read: Callable[[bytes], object],
        refusals: tuple[type[Exception], ...],
        watch: Watch,
        keep: Callable[[bytes, str], str],
        *,
        time_limit: float = TIME,
        memory_limit: float = MEMORY,
    ) -> None:
        self._read, self._refusals, self._watch, self._keep = read, refusals, watch, keep
        self._time_limit, self._memory_limit = time_limit, memory_limit
        self._known: set[str] = set()
        self.outcome = Outcome()

    def warm(self, seeds: list[bytes]) -> int:
        """Read good inputs, so that what is made at first use is there; return how many are."""
        good = 0
        for seed in seeds * 2:
            try:
                self._read(seed)
                good += 1
            except self._refusals:
                pass
        return good // 2

    def judge(self, data: bytes) -> None:
        """Try one input."""
        outcome = self.outcome
        outcome.inputs += 1
        taken, memory, problem = self._try(data)
        if taken > self._time_limit or memory > self._memory_limit or problem:
            for _ in range(2):  # what is made or imported at first use is not its fault
                again, more, problem = self._try(data)
                taken, memory = min(taken, again), min(memory, more)
            outcome.slow += taken > self._time_limit
        outcome.worst_time = max(outcome.worst_time, taken)
        outcome.worst_memory = max(outcome.worst_memory, memory)
        if not problem and taken > self._time_limit * SLACK:
            problem = f"it takes {taken:.2f} s"
        if not problem and memory > self._memory_limit:
            problem = f"it takes {memory:.0f} MB"
        if problem and problem.split("\n")[-1][:80] not in self._known:
            self._known.add(problem.split("\n")[-1][:80])
            outcome.escaped.append(f"{problem} [{self._keep(data, problem)}]")

    def _try(self, data: bytes) -> tuple[float, float, str]:
        """Return processor time [s], memory [MB] and what is wrong, "" if nothing is."""
        problem = ""
        watch = self._watch
        watch.seen.clear()
        before = reset_peak()
        start = time.process_time()
        watch.is_armed = True
        try:
            self._read(data)
            self.outcome.accepted += 1
        except self._refusals as error:
            text = str(error)
            if not text or "\n" in text or len(text) > LONGEST_SENTENCE:
                problem = f"no sentence: {text[:100]!r} ({len(text)})"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            where = traceback.extract_tb(error.__traceback__)[-1]
            name = f"{Path(where.filename).name}:{where.lineno}"
            problem = f"{type(error).__name__} at {name}: {str(error)[:100]!r}"
        finally:
            watch.is_armed = False
        taken = time.process_time() - start
        memory = (peak() - before - len(data)) / 2**20
        if not problem and watch.seen:
            problem = f"it does {watch.seen[0]}"
        return taken, max(memory, 0.0), problem


def reset_peak() -> int:
    """Let the largest memory be counted anew from here; return what is in use now [bytes]."""
    with suppress(OSError):  # not Linux: the largest ever is what can be known
        Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    """Return the largest memory since it was reset [bytes]."""
    try:
        status = Path("/proc/self/status").read_bytes()
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    at = status.index(b"VmHWM:")
    return int(status[at + 6 : status.index(b"kB", at)]) * 1024
