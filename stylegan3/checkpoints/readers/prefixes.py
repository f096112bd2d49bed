"""Where in a file a generator's tensors are: by the tails of names that every network has.

Programs wrap their networks (`module.` of DataParallel, `_orig_mod.` of torch.compile, `decoder.`
of an encoder), name them as they like (`generator_ema`), keep mapping and synthesis apart, or put
several networks in a list. None of that changes how a name ends: `mapping.fc0.weight`,
`style.1.weight`. What stands before it is the prefix, and tells averaged weights from others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.found import strip_prefix, tensors_in
from stylegan3.checkpoints.pickle.modules import as_module
from stylegan3.checkpoints.pickle.values import Stub, TensorRef

AVERAGED = {"ema", "avg", "average", "averaged", "smooth", "running", "shadow", "gs"}
TRAINING = {"g", "netg"}  # the last word of a key with weights as they were trained
MAPPING = "fc0.weight"  # of the mapping network, in every family
ROSINALITY = "style.1.weight"
GENFORCE = "synthesis.early_layer.const"
_SYNTHESIS = re.compile(
    r"(|.*\.)(?:b4\.const|b4\.conv1\.weight|b4\.Const\.const|L0_\d+_\d+\.weight)", re.DOTALL
)
DEEPEST = 6
MOST_CONTAINERS = 1_000
MOST_MODULES = 16
MOST_PREFIXES = 64  # of names that end so; a file with more holds no network of ours


@dataclass(frozen=True)
class Place:
    """A generator's tensors, without what stands before their names."""

    prefix: str  # "g_ema.module.", keys of dictionaries included
    tensors: dict[str, TensorRef]

    @property
    def words(self) -> list[str]:
        """The words of the prefix, the outermost first."""
        return _words(self.prefix)

    @property
    def is_averaged(self) -> bool:
        """Whether the prefix says that these are averaged weights."""
        return is_averaged([self.prefix])

    @property
    def is_training(self) -> bool:
        """Whether the prefix says that these are weights as they were trained."""
        return not self.is_averaged and self.words[-1:] != [] and self.words[-1] in TRAINING


def is_averaged(keys: Sequence[str]) -> bool:
    """Whether one of these keys says that what it holds are averaged weights."""
    return any(not AVERAGED.isdisjoint(_words(key)) for key in keys)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[._]", text.lower()) if word]


def places(tree: Any) -> list[Place]:
    """Where generators are in a file, averaged weights first and training weights last."""
    containers = dict(_containers(tree))
    found = [
        *_named(containers),
        *(
            Place(_joined(path, prefix), below)
            for path, tensors in containers.items()
            for tail in (ROSINALITY, GENFORCE)
            for prefix, below in _under(tensors, tail)
        ),
    ]
    return sorted(found, key=lambda place: (not place.is_averaged, place.is_training))


def prefix_of(names: Sequence[str]) -> str:
    """What stands before a generator's published names, "" where nothing does."""
    tail = f"mapping.{MAPPING}"
    return next((n.removesuffix(tail) for n in names if n == tail or n.endswith(f".{tail}")), "")


def _containers(tree: Any) -> Iterator[tuple[str, dict[str, TensorRef]]]:
    """Dictionaries of tensors and modules, with the keys that lead to them."""
    pending: list[tuple[str, Any, int]] = [("", tree, 0)]
    seen: set[int] = set()  # one dictionary can stand in many places
    modules = 0
    while pending and len(seen) < MOST_CONTAINERS:
        path, value, depth = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Stub) and modules < MOST_MODULES:
            modules += 1
            tensors = _tensors_of_module(value)
            if tensors:
                yield path, tensors
        elif isinstance(value, dict):
            tensors = tensors_in(value)
            if tensors:
                yield path, tensors
            below = [(key, x) for key, x in value.items() if isinstance(x, dict | list | Stub)]
            if depth < DEEPEST:
                pending.extend(
                    (_joined(path, f"{str(key)[:100]}."), x, depth + 1)
                    for key, x in reversed(below[:MOST_CONTAINERS])
                    if isinstance(key, str | int)
                )
        elif isinstance(value, list | tuple) and depth < DEEPEST and len(value) <= 64:
            pending.extend(
                (_joined(path, f"{index}."), x, depth + 1) for index, x in enumerate(value)
            )


def _tensors_of_module(value: Stub) -> dict[str, TensorRef]:
    try:
        module = as_module(value)
    except UnusableError:  # nested without end; another place may hold the generator
        return {}
    return {} if module is None else module.parameters | module.buffers


def _joined(path: str, prefix: str) -> str:
    return (path + prefix)[-400:]


def _under(tensors: dict[str, TensorRef], tail: str) -> Iterator[tuple[str, dict[str, TensorRef]]]:
    """Prefixes of a name that ends so, with the tensors under each."""
    for prefix in _prefixes(tensors, tail):
        yield prefix, strip_prefix(tensors, prefix)


def _prefixes(names: Iterable[str], tail: str) -> list[str]:
    found = (name for name in names if name == tail or name.endswith(f".{tail}"))
    return [name.removesuffix(tail) for name in islice(found, MOST_PREFIXES)]


def _named(containers: dict[str, dict[str, TensorRef]]) -> Iterator[Place]:
    """Generators with the published names, mapping and synthesis together or apart."""
    whole = {
        path + name: ref for path, tensors in containers.items() for name, ref in tensors.items()
    }
    mappings = _prefixes(whole, MAPPING)
    syntheses = [match[1] for match in map(_SYNTHESIS.fullmatch, whole) if match]
    syntheses = list(dict.fromkeys(syntheses))[: 2 * MOST_PREFIXES]
    partners = {prefix: _partner(prefix) for prefix in mappings}
    alone = [prefix for prefix, partner in partners.items() if partner not in syntheses]
    free = [prefix for prefix in syntheses if prefix not in partners.values()]
    if len(alone) == len(free) == 1:  # called as nobody calls them, but there is no other
        partners[alone[0]] = free[0]
    for mapping, synthesis in partners.items():
        if synthesis not in syntheses:
            continue
        head = mapping.removesuffix("mapping.")
        if (head + "mapping.", head + "synthesis.") == (mapping, synthesis):
            place = _together(containers, head)
            if place is not None:
                yield place
                continue
        tensors = {f"mapping.{k}": v for k, v in strip_prefix(whole, mapping).items()}
        tensors |= {f"synthesis.{k}": v for k, v in strip_prefix(whole, synthesis).items()}
        yield Place(mapping, tensors)


def _partner(mapping: str) -> str:
    """The prefix of the synthesis that belongs to a mapping network: "G_synthesis."."""
    mapping = mapping.replace("style_mapping", "mapping")  # MMGeneration's StyleGAN3
    start, found, end = mapping.rpartition("mapping")
    if found:
        return f"{start}synthesis{end}"
    start, found, end = mapping.rpartition("Mapping")
    return f"{start}Synthesis{end}" if found else ""


def _together(containers: dict[str, dict[str, TensorRef]], head: str) -> Place | None:
    """All tensors under `head`, surplus ones too, where one dictionary holds both networks."""
    for path, tensors in containers.items():
        if not head.startswith(path):
            continue
        below = strip_prefix(tensors, head.removeprefix(path))
        if f"mapping.{MAPPING}" in below and any(name.startswith("synthesis.") for name in below):
            return Place(head, below)
    return None
