"""How what plays is recorded: of the machine, not part of a preset, and so no part of `Params`."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta

from sgview.state.params import Node

CodecName = Literal["h264", "h265", "prores", "vp9", "av1", "ffv1", "png", "png16"]
CODEC_NAMES: tuple[CodecName, ...] = get_args(CodecName)

RECORDER, REPLAY, PAGE = "Recorder", "Replay buffer", "Web page"
"""Names of outputs."""


class Recording(Node, frozen=True):
    """What the recorder and the replay buffer write."""

    codec: CodecName = "h264"
    quality: Annotated[float, Meta(ge=0, le=100)] = 80.0  # 0: small files, 100: near lossless
    hardware: bool = True  # the graphics card encodes where it can
    sound: bool = True  # that is listened to, beside the picture
    replay_seconds: Annotated[float, Meta(ge=1, le=120)] = 30.0  # kept by the replay buffer [s]
