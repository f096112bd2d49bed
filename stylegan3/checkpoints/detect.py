"""What a file is, from its first bytes and from the names in it. Nothing in it is executed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from stylegan3.checkpoints.container.torchfile import LEGACY_START
from stylegan3.checkpoints.errors import WHERE, UnusableError
from stylegan3.checkpoints.pickle.values import ArrayRef, Global, Stub, TensorRef
from stylegan3.checkpoints.source import Source

Format = Literal["torch zip", "torch stream", "pickle", "safetensors"]

# Files that are often opened by mistake: first bytes, what they are, what to do.
MISTAKES: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "it is a git-lfs pointer: fetch the network with `git lfs pull`"),
    (b"<", "it is a web page, not a network: the download failed or needs a login"),
    (b"{", "it is a JSON or text file, not a network"),
    (b"\x1f\x8b", "it is a gzip archive: unpack it and open what is inside"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive: unpack it and open what is inside"),
    (b"Rar!", "it is a rar archive: unpack it and open what is inside"),
    (b"\x89PNG", "it is a picture, not a network"),
    (b"\xff\xd8\xff", "it is a picture, not a network"),
    (b"\x89HDF", "it is an HDF5 file (Keras or TensorFlow 2), which is not supported"),
    (b"\x93NUMPY", "it is a NumPy array, not a network"),
)  # fmt: skip

# Kinds of networks that are not supported: name, patterns of tensor names, of class names.
UNSUPPORTED: tuple[tuple[str, str, str], ...] = (
    ("EG3D", r"backbone\.synthesis\.|superresolution\.block", r"TriPlaneGenerator|OSGDecoder"),
    ("StyleGAN-T", r"mapping\.clip\.|synthesis\.input\.basis", r"networks\.generator\.Generator"),
    (
        "a projected GAN or FastGAN",
        r"(^|\.)(feat_\d+\.|se_\d+\.main|init\.init\.)",
        r"Fastgan|DummyMapping",
    ),
    ("lucidrains' StyleGAN2", r"^(GE?|SE?|D)\.(blocks|net|initial_block|to_initial_block)", r"^$"),
    ("MMGeneration's StyleGAN1 or StyleGAN2", r"(style_mapping|constant_input)\.", r"^$"),
    ("GenForce", r"(mapping\.dense\d|synthesis\.layer\d+\.)", r"^$"),
    ("EDM2 (a diffusion model)", r"unet\.(enc|dec)\.", r"(^|\.)Precond"),
    (
        "EDM (a diffusion model)",
        r"model\.(enc|dec)\.",
        r"EDMPrecond|SongUNet|DhariwalUNet",
    ),
    ("StyleNeRF", r"synthesis\.fg_nerf|nerf\.", r"NeRF"),
    ("StyleGAN1 of StyleGAN.pytorch", r"(^|\.)g_synthesis\.(blocks|init_block)\.", r"^$"),
    ("lightweight GAN", r"^(GE?|D)\.(layers|residual_layers)\.\d", r"^$"),
    (
        "Progressive GAN",
        r"(^|\.)((scaleLayers|toRGBLayers)\.\d|initial_block\.conv_1\.)",
        r"(^|\.)PGAN|ProgressiveGAN",
    ),
    ("BigGAN", r"(^|\.)shared\.weight|generator\.gen_z", r"BigGAN"),
    (
        "a latent diffusion model",
        r"model\.diffusion_model\.|first_stage_model|lora_(unet|te)",
        r"AutoencoderKL|UNet2DCondition",
    ),
    ("VQGAN", r"quantize\.embedding", r"VQModel"),
    ("a discriminator", r"^(b4\.mbstd|b\d+\.fromrgb|final_conv\.)", r"Discriminator"),
)
# Kinds of networks that are supported, where the file lacks what they are recognised by.
INCOMPLETE = (("StyleGAN-XL", r"mapping\.embed_proj\.", r"SuperresGenerator"),)
RELATIVES = UNSUPPORTED[:2]  # these carry the published names but compute something else
SYNTHESIS = re.compile(
    r"(^|\.)(b4\.const|b4\.conv1\.weight|b4\.Const\.const|L0_\d{1,6}_\d{1,6}\.weight)$"
)
MOST_NAMES = 20_000


def detect_format(source: Source) -> Format:
    """The container that the file is.

    Raises:
        UnusableError: if it is something else, saying what where that is known.
    """
    if source.size == 0:
        raise UnusableError("the file is empty")
    start = source.read(0, min(source.size, 256))
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "torch zip"
    if start.startswith(LEGACY_START):
        return "torch stream"
    if len(start) > 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32:
        return "safetensors"
    if start[0] == 0x80 and len(start) > 1 and 2 <= start[1] <= 5:
        return "pickle"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, meaning in MISTAKES:
        if text.startswith(magic):
            raise UnusableError(meaning)
    if not start.strip(b"\0"):
        raise UnusableError("it starts with nothing but zeros: the copy or download did not finish")
    if start[:1] in b"(}]cd" and source.size > 16:
        return "pickle"  # protocols 0 and 1 have no header
    raise UnusableError("it is no checkpoint: a .pkl, .pt or .safetensors file starts differently")


def describe_contents(tree: Any) -> str:
    """Why a file with this content cannot be played: its family where known, else what it holds."""
    names, classes = _names(tree)
    for family, tensor_pattern, class_pattern in UNSUPPORTED:
        is_named = any(re.search(tensor_pattern, name) for name in names)
        if is_named or any(re.search(class_pattern, name) for name in classes if name):
            return f"it is {family}, which is not supported; {WHERE}"
    for family, tensor_pattern, class_pattern in INCOMPLETE:
        is_named = any(re.search(tensor_pattern, name) for name in names)
        if is_named or any(re.search(class_pattern, name) for name in classes if name):
            return f"it is {family}, but the layers of its synthesis are missing; {WHERE}"
    if isinstance(tree, dict) and "GAN" in tree:
        return f"it is lucidrains' StyleGAN2, which is not supported; {WHERE}"
    if any(map(SYNTHESIS.search, names)) and not any(n.endswith("fc0.weight") for n in names):
        return (
            "it is a StyleGAN synthesis network without the mapping network that belongs to it"
            f" (mapping.fc0.weight): open a file that has both; {WHERE}"
        )
    held = [name[:40] for name in (*classes, *names)][:4]
    detail = f" (it holds {', '.join(held)} ..)" if held else ""
    return f"there is no StyleGAN generator in it{detail}; {WHERE}"


def refuse_relatives(names: Iterable[str]) -> None:
    """Refuse networks that carry the published names but compute something else.

    Raises:
        UnusableError: naming the family.
    """
    for name in names:
        for family, pattern, _ in RELATIVES:
            if re.search(pattern, name):
                raise UnusableError(f"it is {family}, which is not supported; {WHERE}")


def _names(tree: Any) -> tuple[list[str], list[str]]:
    """Names of tensors (dotted, below the top level's keys) and of classes, in their order."""
    names: dict[str, None] = {}
    classes: dict[str, None] = {}
    pending: list[tuple[str, Any, int]] = [("", tree, 0)]
    seen: set[int] = set()
    while pending and len(names) + len(classes) < MOST_NAMES and len(seen) < 10 * MOST_NAMES:
        name, value, depth = pending.pop()
        if isinstance(value, TensorRef | ArrayRef):
            names[name] = None
            continue
        if depth > 40 or id(value) in seen:
            continue
        if isinstance(value, dict):
            seen.add(id(value))
            _note_class(value.get("class_name"), classes)
            for key, below in reversed(value.items()):
                is_layer = key in ("_parameters", "_buffers", "_modules", "state")
                part = "" if is_layer or not isinstance(key, str) else key[:100]
                joined = f"{name}.{part}" if name and part and depth > 1 else part or name
                pending.append((joined[-300:], below, depth + 1))
        elif isinstance(value, Stub):
            seen.add(id(value))
            _note_class(value.cls, classes)
            pending.extend((name, below, depth + 1) for below in (value.state, *_few(value.args)))
        elif isinstance(value, list | tuple):
            seen.add(id(value))
            pending.extend((name, below, depth + 1) for below in _few(value))
    return list(names), list(classes)


def _few(values: Any) -> tuple[Any, ...]:
    return tuple(values[:1000]) if isinstance(values, list | tuple) else ()


def _note_class(name: Any, classes: dict[str, None]) -> None:
    if isinstance(name, Global):
        if name.name != "_reconstruct_persistent_obj":
            classes[str(name)[:200]] = None
    elif isinstance(name, str):
        classes[name[:200]] = None
