"""The fuzzer finds what is planted, and its targets read the inputs that they begin with."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.fuzz.heard import read_expression, read_midi, read_osc
from tools.fuzz.measure import Judge
from tools.fuzz.mutation import LARGEST, Mutator
from tools.fuzz.targets import Target, targets

ANY_BYTES = settings(max_examples=150, deadline=None, derandomize=True, database=None)


class Ear:
    """Stands in for the audit hook, which a process could never get rid of again."""

    def __init__(self) -> None:
        self.is_armed = False
        self.seen: list[str] = []


def judge_of(read, ear: Ear | None = None, **limits: float) -> Judge:
    heard = ear or Ear()
    return Judge(read, (ValueError,), heard, lambda data, why: "kept", **limits)  # type: ignore


def named(folder: Path, name: str) -> Target:
    return next(target for target in targets(folder) if target.name == name)


def names() -> list[str]:
    return [target.name for target in targets(Path(os.devnull))]


@pytest.mark.parametrize("name", names())
def test_each_reader_takes_what_it_begins_with(tmp_path: Path, name: str) -> None:
    target = named(tmp_path, name)
    seeds = target.seeds()
    assert seeds
    assert sum(map(len, seeds)) < 1_000_000
    refused = 0
    for seed in seeds:
        try:
            target.read(seed)
        except target.refusals:
            refused += 1
    assert refused < len(seeds)


def test_the_same_seed_makes_the_same_inputs() -> None:
    seeds, tokens = [b"one 1.5 two", b"three"], (b"[", b"nan")
    first, again = Mutator(3, seeds, tokens), Mutator(3, seeds, tokens)
    made = [first.make() for _ in range(300)]
    assert made == [again.make() for _ in range(300)]
    assert len(set(made)) > 200
    assert max(map(len, made)) <= LARGEST


def slow(data: bytes) -> None:
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass


def large(data: bytes) -> None:
    bytearray(80 << 20)[::4096] = b"x" * (80 << 20 >> 12)


def strange(data: bytes) -> None:
    raise KeyError("a\nb")


def mute(data: bytes) -> None:
    raise ValueError("a\nb")


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (strange, "KeyError at test_fuzz.py"),
        (mute, "no sentence: 'a"),
        (slow, "it takes 0.0"),
        (large, "it takes 8"),
    ],
)
def test_what_is_planted_is_found_once(read, said: str) -> None:
    judge = judge_of(read, time_limit=0.001 if read is slow else 100.0)
    judge.judge(b"x")
    assert [what.startswith(said) for what in judge.outcome.escaped] == [True]
    if read in (strange, mute):
        judge.judge(b"y")
        assert len(judge.outcome.escaped) == 1
        assert judge.outcome.inputs == 2


def test_what_is_executed_is_found() -> None:
    ear = Ear()
    judge = judge_of(lambda data: ear.seen.append("os.system ('rm',)"), ear)
    judge.judge(b"x")
    assert judge.outcome.escaped == ["it does os.system ('rm',) [kept]"]


def test_a_value_and_a_sentence_are_both_well() -> None:
    judge = judge_of(lambda data: int(data))
    for data in (b"1", b"x", b"2"):
        judge.judge(data)
    assert not judge.outcome.escaped
    assert (judge.outcome.inputs, judge.outcome.accepted) == (3, 2)


@pytest.mark.parametrize("name", ["settings", "recent", "snapshot", "look", "session", "take"])
def test_any_bytes_are_a_value_or_a_sentence(tmp_path: Path, name: str) -> None:
    target = named(tmp_path, name)
    seed = target.seeds()[0]

    @ANY_BYTES
    @given(st.binary(max_size=200), st.floats(0, 1), st.integers(0, 40))
    def damage(data: bytes, share: float, length: int) -> None:
        at = int(share * len(seed))
        for each in (data, seed[:at] + data + seed[at + length :]):
            judge = Judge(target.read, target.refusals, Ear(), lambda *_: "")  # type: ignore[arg-type]
            judge.judge(each)
            assert not [what for what in judge.outcome.escaped if "it takes" not in what]

    damage()


@ANY_BYTES
@given(st.binary(max_size=300))
def test_any_bytes_are_heard(data: bytes) -> None:
    read_midi(data)
    read_osc(data)
    read_osc(b"/sgview/" + data)
    read_expression(data)
