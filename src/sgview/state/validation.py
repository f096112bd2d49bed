"""Turn plain data from a file into the state tree, with errors that say which key is wrong.

Files are TOML or JSON, written by people, so the message names the file, the path of the key and,
for a key that does not exist, the nearest one that does.
"""

from __future__ import annotations

import codecs
import difflib
import json
import math
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sgview.state.text import one_line
from sgview.state.toml_depth import DEEPEST_KEY, has_deep_key

T = TypeVar("T")

LARGEST = 1e9  # of fractions: far beyond use, and far from what single precision cannot hold
LARGEST_INT = 2**31 - 1
LARGEST_TOML = 64_000  # of a file [bytes]; written ones have a few thousand
LARGEST_JSON = 1_000_000

_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<field>.*?)`(?: - at `(?P<path>.*)`)?$")
_AT_PATH = re.compile(r"^(?P<cause>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)


class ConfigError(Exception):
    """A configuration or preset that cannot be used: one sentence with file, key and cause.

    It may quote the file: whatever that holds, the sentence stays one line, see `one_line`.
    """

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


def read_data(path: Path) -> dict[str, Any]:
    """Return the table in a .toml or .json file.

    Raises:
        ConfigError: if the file cannot be read, or is not TOML or JSON holding one table.
    """
    text = read_text(path)
    is_json = path.suffix.lower() == ".json"
    if not is_json and has_deep_key(text):
        raise ConfigError(f"{path} is not settings: a key in it has more than {DEEPEST_KEY} parts")
    try:
        data = json.loads(text) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        raise ConfigError(f"{path} is not valid {kind}: {str(error)[:200]}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} must hold one table of settings, not a {type(data).__name__}")
    return data


def read_text(path: Path) -> str:
    """Return the text of a .toml or .json file, whichever editor wrote it.

    Notepad and PowerShell put a byte order mark before UTF-8, or write UTF-16.

    Raises:
        ConfigError: if the file cannot be read, is no text, or is larger than any it may be.
    """
    largest = LARGEST_JSON if path.suffix.lower() == ".json" else LARGEST_TOML
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        cause = error.strerror if isinstance(error, OSError) else ""
        raise ConfigError(f"{path} cannot be read: {cause or error}") from error
    if len(data) > largest:
        raise ConfigError(f"{path} has more than {largest // 1000} kB: it is no preset or settings")
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not a text file") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_json(text: str | bytes, kind: Any) -> Any:
    """Return what JSON from outside holds.

    Raises:
        ValueError: if it is no JSON of `kind`, or is nested deeper than any that is.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def build(data: dict[str, Any], kind: type[T], where: str) -> T:
    """Convert plain data to the struct `kind`, refusing unknown keys and wrong types.

    Args:
        data: tables, arrays, strings and numbers as TOML or JSON gives them.
        kind: the msgspec struct to make.
        where: what the error calls the source, usually the file's path.

    Raises:
        ConfigError: naming the key's path, e.g. ``look.toml: noise.perod: there is no such
            setting; did you mean `period`?``, or a number out of any use.
    """
    try:
        made = msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_explain(str(error), data, kind)}") from error
    except UnicodeError as error:  # half of a surrogate pair
        raise ConfigError(f"{where}: a name holds a character that is none") from error
    refuse_numbers(msgspec.to_builtins(made), where)
    return made


def refuse_numbers(value: Any, where: str, path: str = "") -> None:
    """Refuse plain data with a number that is not finite or out of any use.

    TOML can say nan and inf, and 1e307 is finite until it is multiplied.

    Raises:
        ConfigError: naming the path of the number.
    """
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_numbers(item, where, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            refuse_numbers(item, where, f"{path}[{index}]")
    elif problem := problem_of(value):
        raise ConfigError(f"{where}: {path}: {problem}")


def problem_of(value: Any) -> str:
    """Return what is wrong with a number, "" if nothing is or it is none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return f"expected a finite number, not {value}"
        if abs(value) > LARGEST:
            return f"expected a number between -{LARGEST:g} and {LARGEST:g}, not {value:g}"
    elif isinstance(value, int) and abs(value) > LARGEST_INT + 1:
        return f"expected a number of at most {LARGEST_INT}"
    return ""


def plain(struct: msgspec.Struct) -> dict[str, Any]:
    """Return `struct` as tables, arrays and scalars, without the None leaves TOML cannot hold."""
    return _without_none(msgspec.to_builtins(struct))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _explain(message: str, data: Any, kind: type) -> str:
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        path = _readable(unknown["path"])
        siblings = _fields_at(unknown["path"] or "$", kind)
        nearest = difflib.get_close_matches(unknown["field"], siblings, n=1, cutoff=0.5)
        advice = f"did you mean `{nearest[0]}`?" if nearest else f"there is {', '.join(siblings)}"
        return f"{_join(path, unknown['field'])}: there is no such setting; {advice}"
    match = _AT_PATH.match(message)
    assert match is not None  # the pattern matches any text
    path = _readable(match["path"])
    cause = match["cause"].rstrip(".").replace("`", "")
    cause = f"{cause[:1].lower()}{cause[1:]}"
    choices = _choices_at(match["path"] or "$", kind)
    if choices and cause.startswith("invalid enum value"):
        cause += f"; choose one of {', '.join(choices)}"
    elif "got" not in cause and (number := _number_at(match["path"] or "$", data)) is not None:
        cause += f", not {number}"
    return f"{path or 'the file'}: {cause}"


def _number_at(path: str, data: Any) -> float | None:
    """Return the number that stands at a msgspec path in the data, if one can be found."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        try:
            data = data[name] if name else data[int(index)]
        except (KeyError, IndexError, TypeError):
            return None
    return data if isinstance(data, int | float) else None


def _readable(path: str | None) -> str:
    return (path or "$").removeprefix("$").removeprefix(".")


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _fields_at(path: str, kind: type) -> list[str]:
    """Return the field names of the struct at a msgspec path such as ``$.params.edits[...]``."""
    node = _struct(_type_at(path, kind))
    return [field.encode_name for field in node.fields] if node is not None else []


def _choices_at(path: str, kind: type) -> list[str]:
    node = _type_at(path, kind)
    is_choice = isinstance(node, msgspec.inspect.LiteralType)
    return [str(value) for value in node.values] if is_choice else []


@cache
def _tree_of(kind: type) -> Any:
    return msgspec.inspect.type_info(kind)


def _type_at(path: str, kind: type) -> Any:
    node: Any = _tree_of(kind)
    for field, _index in re.findall(r"\.(\w+)|(\[[^\]]*\])", path):
        node = _inner(node, field)
    return node


def _inner(node: Any, field: str) -> Any:
    if not field:
        return getattr(node, "item_type", node)
    struct = _struct(node)
    if struct is None:
        return node
    return next((f.type for f in struct.fields if f.encode_name == field), node)


def _struct(node: Any) -> msgspec.inspect.StructType | None:
    if isinstance(node, msgspec.inspect.UnionType):
        node = next((t for t in node.types if isinstance(t, msgspec.inspect.StructType)), node)
    return node if isinstance(node, msgspec.inspect.StructType) else None
