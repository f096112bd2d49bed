"""Who reads what others wrote: one row a reader, with good inputs and what it may raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import zstandard

import sgview.settings
from sgview.app.recent import RecentFiles
from sgview.app.session_file import load_session
from sgview.outputs.snapshot import load_snapshot_params
from sgview.outputs.video import OutputError
from sgview.show import look_files
from sgview.show.takes.take import read_take
from sgview.signals.sound.file import analyse, read_parts
from sgview.state.presets import load_preset
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError
from stylegan3.checkpoints import CheckpointError, read
from tools.fuzz import seeds
from tools.fuzz.heard import read_expression, read_midi, read_osc

REFUSALS = (ConfigError, CheckpointError, OutputError)
_PICKLES = (
    b"(", b".", b"0", b"1", b"2", b"N", b"a", b"b", b"d", b"e", b"l", b"o", b"s", b"t", b"u", b"R",
    b"}", b"]", b")", b"\x81", b"\x85", b"\x86", b"\x87", b"\x88", b"\x8f", b"\x90", b"\x92", b"Q",
    b"\x93", b"\x94", b"K\x01", b"h\x00", b"h\x01", b"q\x00", b"I1\n", b"\x8c\x01a", b"\x80\x04",
    b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch._utils\n_rebuild_parameter\n",
    b"ctorch._tensor\n_rebuild_from_type_v2\n", b"ctorch.storage\n_load_from_bytes\n",
    b"ccollections\nOrderedDict\n", b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"c_codecs\nencode\n",
    b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy.core.multiarray\nscalar\n",
    b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n", b"cdnnlib.util\nEasyDict\n",
    b"cdnnlib.tflib.network\nNetwork\n", b"cbuiltins\ngetattr\n", b"cposix\nsystem\n",
    b"cdill._dill\n_create_code\n", b"cdill._dill\n_import_module\n", b"cdill._dill\n_load_type\n",
    b"cdill._dill\n_create_array\n", b"X\x05\x00\x00\x00G_ema", b"X\x05\x00\x00\x00g_ema",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", b"C\x04\x00\x00\x80?", b"_modules", b"_parameters",
)  # fmt: skip
_TEXT = (
    b"[", b"]", b"{", b"}", b'"', b"'", b",", b":", b"=", b".", b"\n", b"\\ud800", b"\\u0000",
    b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"null", b"true", b"[[", b"a.a.", b'"a".', b"\\",
    b"[[edits]]\n", b"[params]\n", b'"version": 99,', b'"params": {', b"1e999", b"-nan", b"{}",
    "²".encode(), "字".encode(), b"'''", b'"""', b"#", b"\r", b"\x00", b"0000-01-01", b"[a]\n",
)  # fmt: skip
_OSC = (b"#bundle\0", b"/sgview/", b",f\0\0", b",ifsbhdtTFNI[]\0\0", b"\0\0\0\x04", b"\x7f\xc0\0\0")
_WORDS = (
    b"(", b")", b"+", b"**", b"//", b"%", b"<", b"lfo(", b"env(", b"smooth(", b"osc('/", b"if ",
    b" else ", b"lambda: ", b"[", b"{", b".__class__", b"'", b"9**9**9", b"1e308", b"~", b"not ",
    b"t", b"value", b"f'", b"0x", b"1j", b":=", b"await ", b"*", b"=", b"x", "ﬁ".encode(), b"\0",
)  # fmt: skip
_PNG = (b"tEXt", b"iTXt", b"zTXt", b"IDAT", b"IEND", b"IHDR", b"sgview\0", b"iCCP", b"eXIf")
_ZSTD = (b"\x28\xb5/\xfd", b"\xff" * 8)
_WAVE = (b"fLaC", b"OggS", b"RIFF", b"fmt ", b"data", b"ID3")
_MIDI = (b"\xf0", b"\xf7", b"\xff", b"\x90", b"\xb0\x63", b"\xe0", b"\x7f\x7f")
_PLAIN = tuple(
    f"faults/{name}.pkl" for name in ("resample121", "autolume_pruned", "human_rect", "eps_4x6")
)
_VARIABLES = tuple(
    f"faults/{name}.pkl" for name in ("tf_configD", "tf_resample_none", "tf_aydao_rect")
)


@dataclass(frozen=True)
class Target:
    """One reader."""

    name: str
    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    tokens: tuple[bytes, ...] = _TEXT
    refusals: tuple[type[Exception], ...] = REFUSALS
    time_limit: float = 0.2  # [s]
    memory_limit: float = 50.0  # above the input's own size [MB]


def targets(folder: Path) -> list[Target]:
    """Return the table; files to be read are written into `folder`."""

    def of_file(
        name: str, suffix: str, read: Callable[[Path], object]
    ) -> Callable[[bytes], object]:
        path = folder / f"{name}{suffix}"

        def read_bytes(data: bytes) -> object:
            path.write_bytes(data)
            return read(path)

        return read_bytes

    def checkpoint(name: str, suffix: str, good: Callable[[], list[bytes]]) -> Target:
        return Target(name, of_file(name, suffix, read), good, _PICKLES)

    def packed(name: str) -> Callable[[bytes], object]:
        read_it = of_file(name, ".jsonl.zst", read_take)
        return lambda data: read_it(zstandard.compress(data, 1))

    def look(path: Path) -> object:
        if not path.with_suffix(".toml").exists():
            path.with_suffix(".toml").write_bytes(seeds.presets()[0])
        found = look_files.read(path.with_suffix(".toml"))
        assert found.params is not None
        return found.thumbnail

    snapshots = partial(seeds.pictures, folder)
    return [
        checkpoint("pickle", ".pkl", partial(seeds.files, *_PLAIN)),
        checkpoint("dill", ".pkl", partial(seeds.files, "sgxl-r-sr-sr-uncond-64.pkl")),
        checkpoint("tensorflow", ".pkl", partial(seeds.files, *_VARIABLES)),
        checkpoint("stylegan1", ".pkl", partial(seeds.files, "sg1-tf-cond-128.pkl")),
        checkpoint("rosinality", ".pt", seeds.rosinality),
        checkpoint("zip", ".pt", partial(seeds.saved, is_zip=True)),
        checkpoint("stream", ".pt", partial(seeds.saved, is_zip=False)),
        checkpoint("safetensors", ".safetensors", partial(seeds.safetensors, folder)),
        Target("preset", of_file("preset", ".toml", load_preset), seeds.presets),
        Target("preset-json", of_file("preset", ".json", load_preset), seeds.preset_json),
        Target("look", of_file("look", ".png", look), snapshots, _PNG),
        Target("snapshot", of_file("snapshot", ".png", load_snapshot_params), snapshots, _PNG),
        Target("take", of_file("take", ".jsonl.zst", read_take), seeds.takes, _ZSTD),
        Target("take-lines", packed("lines"), seeds.take_lines),
        Target("session", of_file("session", ".json", load_session), seeds.sessions),
        Target("settings", of_file("settings", ".toml", _settings), seeds.settings),
        Target("recent", of_file("recent", ".json", RecentFiles), seeds.recent),
        Target("sound", of_file("sound", ".wav", _sound), seeds.sounds, _WAVE, time_limit=1.0),
        Target("osc", read_osc, seeds.osc, _OSC, ()),
        Target("midi", read_midi, seeds.midi, _MIDI, ()),
        Target("expression", read_expression, seeds.expressions, _WORDS, ()),
    ]


def _settings(path: Path) -> object:
    return sgview.settings.load_settings(path, use_user_config=False)


def _sound(path: Path) -> object:
    return analyse(read_parts(path), Sound())
