"""The codecs that films and recordings are written in, and the encoders that there are for each.

An encoder of the hardware is only used once it has encoded a picture: that FFmpeg was built with it
says nothing of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import cast

import av
import numpy as np
from av.error import FFmpegError

TRIED_SIZE = 256  # of the picture that an encoder is tried with; NVENC takes no less than 145 [px]
RGB = ("rgb24", "rgba", "bgr0", "bgra", "gbrp", "rgba64be", "rgb48be")
"""Pixel formats that are not converted to Y'CbCr."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """One encoder of FFmpeg, and how it is asked for pictures."""

    name: str  # FFmpeg's: "h264_nvenc"
    pixels: str  # FFmpeg's pixel format of opaque pictures
    alpha_pixels: str = ""  # of pictures with alpha; "": it has none
    maker: str = ""  # of the hardware, as people call it: "NVENC"; "": it is software
    quality: tuple[str, int, int] = ("", 0, 0)
    """The option that sets the quality, and its values at quality 0 and 100; "": lossless."""
    options: dict[str, str] = field(default_factory=dict)  # always
    film: dict[str, str] = field(default_factory=dict)  # where time does not press
    live: dict[str, str] = field(default_factory=dict)  # where a picture must take no longer than
    alpha: dict[str, str] = field(default_factory=dict)  # with alpha, over `options`

    def pixel_format(self, *, has_alpha: bool) -> str:
        """Return the pixel format of pictures that have alpha, or are opaque."""
        return self.alpha_pixels if has_alpha and self.alpha_pixels else self.pixels

    def options_for(
        self, quality: float, *, is_live: bool, has_alpha: bool = False
    ) -> dict[str, str]:
        """Return the options of FFmpeg for a quality of 0 (small) to 100 (near lossless)."""
        options = {**self.options, **(self.live if is_live else self.film)}
        name, lowest, highest = self.quality
        if name:
            share = min(max(quality, 0.0), 100.0) / 100.0
            options[name] = str(round(lowest + (highest - lowest) * share))
        return {**options, **(self.alpha if has_alpha and self.alpha_pixels else {})}


@dataclass(frozen=True)
class Codec:
    """One row of the table."""

    name: str  # as options and settings take it
    label: str  # as people read it
    help: str
    encoders: tuple[Encoder, ...]  # the best first; (): PNG files, which Pillow or `png16` writes
    suffixes: tuple[str, ...] = ()  # of files that hold it, the usual one first; (): a folder
    sound: str = ""  # FFmpeg's encoder of the sound beside it

    @property
    def has_alpha(self) -> bool:
        """Whether it keeps alpha."""
        return not self.encoders or any(encoder.alpha_pixels for encoder in self.encoders)

    @property
    def is_sequence(self) -> bool:
        """Whether it is a folder of files, one a picture."""
        return not self.encoders


_NVENC = {"preset": "p5", "rc": "vbr", "b": "0", "bf": "0"}
_QSV = {"preset": "medium", "bf": "0"}
_AMF = {"quality": "quality", "rc": "cqp", "bf": "0"}
_SOON = {"preset": "p4", "tune": "ll"}  # of NVENC: no picture waits for later ones
_TOOLBOX = {"realtime": "1", "allow_sw": "0"}

CODECS: tuple[Codec, ...] = (
    Codec(
        "h264",
        "H.264",
        "Plays everywhere; the graphics card encodes it where it can.",
        (
            Encoder("h264_nvenc", "yuv420p", "", "NVENC", ("cq", 40, 12), _NVENC, {}, _SOON),
            Encoder("h264_videotoolbox", "nv12", "", "VideoToolbox", ("q", 30, 90), _TOOLBOX),
            Encoder("h264_qsv", "nv12", "", "Quick Sync", ("global_quality", 40, 12), _QSV),
            Encoder("h264_amf", "nv12", "", "AMF", ("qp_i", 40, 12), _AMF),
            Encoder("h264_vaapi", "vaapi", "", "VAAPI", ("qp", 40, 12)),
            Encoder(
                *("libx264", "yuv420p", "", "", ("crf", 38, 10)),
                options={"rc-lookahead": "20"},
                # Grainy pictures of 1024 px: as large as by the usual preset (+6 %) and
                # as near (-0.2 dB), in a third of the time.
                film={"preset": "veryfast"},
                live={"preset": "veryfast", "rc-lookahead": "0", "bf": "0", "sc_threshold": "0"},
            ),
        ),
        (".mp4", ".mov", ".mkv"),
        "aac",
    ),
    Codec(
        "h265",
        "H.265",
        "Half the size of H.264; wants a newer player, and a graphics card or much processor.",
        (
            Encoder("hevc_nvenc", "yuv420p", "", "NVENC", ("cq", 42, 14), _NVENC, {}, _SOON),
            Encoder("hevc_videotoolbox", "nv12", "", "VideoToolbox", ("q", 30, 90), _TOOLBOX),
            Encoder("hevc_qsv", "nv12", "", "Quick Sync", ("global_quality", 42, 14), _QSV),
            Encoder("hevc_amf", "nv12", "", "AMF", ("qp_i", 42, 14), _AMF),
            Encoder("hevc_vaapi", "vaapi", "", "VAAPI", ("qp", 42, 14)),
            Encoder(
                *("libx265", "yuv420p", "", "", ("crf", 40, 12)),
                options={"x265-params": "log-level=error"},
                live={
                    "preset": "ultrafast",
                    "x265-params": "log-level=error:bframes=0:rc-lookahead=0:scenecut=0",
                },
            ),
        ),
        (".mp4", ".mov", ".mkv"),
        "aac",
    ),
    Codec(
        "prores",
        "ProRes",
        "For cutting: 422 HQ, and 4444 where the picture has alpha. Large files.",
        (
            Encoder(
                *("prores_ks", "yuv422p10le", "yuva444p10le", "", ("qscale", 14, 2)),
                options={"profile": "3", "vendor": "apl0"},
                alpha={"profile": "4", "alpha_bits": "16"},
            ),
        ),
        (".mov", ".mkv"),
        "pcm_s16le",
    ),
    Codec(
        "vp9",
        "VP9",
        "For the web, with alpha; slow.",
        (
            Encoder(
                *("libvpx-vp9", "yuv420p", "yuva420p", "", ("crf", 50, 10)),
                options={"b": "0", "row-mt": "1"},
                film={"lag-in-frames": "12"},
                live={"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
                alpha={"auto-alt-ref": "0"},
            ),
        ),
        (".webm", ".mkv"),
        "libopus",
    ),
    Codec(
        "av1",
        "AV1",
        "The smallest files; slow without a graphics card that encodes it.",
        (
            Encoder("av1_nvenc", "yuv420p", "", "NVENC", ("cq", 48, 16), _NVENC, {}, _SOON),
            Encoder(
                *("libsvtav1", "yuv420p", "", "", ("crf", 55, 15)),
                film={"preset": "8"},
                live={"preset": "12", "svtav1-params": "pred-struct=1:rtc=1"},
            ),
        ),
        (".mp4", ".mkv", ".webm"),
        "libopus",
    ),
    Codec(
        "ffv1",
        "FFV1",
        "Every bit of the picture, alpha too, in one file. Large.",
        (
            Encoder(
                *("ffv1", "bgr0", "bgra"),
                options={"level": "3", "slices": "16", "slicecrc": "1", "threads": "0"},
            ),
        ),
        (".mkv",),
        "flac",
    ),
    Codec("png", "PNG", "A numbered file for each picture, alpha too.", ()),
    Codec("png16", "PNG, 16 bits", "The same with 16 bits a channel, for those who want that.", ()),
)
"""What films and recordings can be."""


def codec_named(name: str) -> Codec:
    """Return the row of that name.

    Raises:
        KeyError: if there is none.
    """
    for codec in CODECS:
        if codec.name == name:
            return codec
    raise KeyError(f'there is no codec "{name}": use one of {", ".join(names())}')


def names() -> tuple[str, ...]:
    """Return the names of all codecs, in the order of the table."""
    return tuple(codec.name for codec in CODECS)


def codec_for(suffix: str) -> Codec | None:
    """Return the first codec that files of this suffix hold: ".mp4" -> H.264."""
    return next((codec for codec in CODECS if suffix.lower() in codec.suffixes), None)


def encoder_for(codec: Codec, *, has_alpha: bool = False, is_software: bool = False) -> Encoder:
    """Return the best encoder that works on this machine.

    Args:
        codec: which has encoders, so no sequence.
        has_alpha: whether alpha is to be kept; software does that.
        is_software: take none of the hardware.

    Raises:
        LookupError: if there is none; the message says which were tried.
    """
    encoders: Sequence[Encoder] = codec.encoders
    if has_alpha and codec.has_alpha:
        encoders = [encoder for encoder in encoders if encoder.alpha_pixels]
    if is_software:
        encoders = [encoder for encoder in encoders if not encoder.maker]
    for encoder in encoders:
        if not failure(encoder):
            return encoder
    tried = ", ".join(encoder.name for encoder in encoders)
    raise LookupError(f"{codec.label} cannot be encoded here: {tried} do not work")


@cache
def failure(encoder: Encoder) -> str:
    """Encode a small picture, and return why that does not work; "" if it does.

    Takes up to a second where there is hardware; once for each encoder.
    """
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 tells its settings on every start otherwise
    try:
        context = cast(av.VideoCodecContext, av.CodecContext.create(encoder.name, "w"))
        context.width = context.height = TRIED_SIZE
        context.pix_fmt = encoder.pixels
        context.time_base, context.framerate = Fraction(1, 30), Fraction(30)
        context.options = encoder.options_for(70, is_live=True)
        picture = np.zeros((TRIED_SIZE, TRIED_SIZE, 4), np.uint8)
        frame = frame_of(picture, encoder.pixels)
        packets = [packet for f in (frame, None) for packet in context.encode(f)]
    except (FFmpegError, OSError, ValueError, TypeError) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return "" if any(packet.size for packet in packets) else "it gives no picture"


def frame_of(
    rgba8: np.ndarray,  # uint8 [H, W, 4], or [H, W, 3] of an opaque picture; row 0 on top
    pixels: str,  # FFmpeg's pixel format
) -> av.VideoFrame:
    """Return a picture as an encoder takes it; Y'CbCr is that of BT.709, in limited range."""
    rgba8 = np.ascontiguousarray(rgba8)
    given = "rgba" if rgba8.shape[2] == 4 else "rgb24"
    if pixels == given:
        return av.VideoFrame.from_ndarray(rgba8, format=given)
    frame = av.VideoFrame.from_numpy_buffer(rgba8, format=given)  # read where it is
    if pixels in RGB:
        return frame.reformat(format=pixels)
    return frame.reformat(format=pixels, dst_colorspace="ITU709", dst_color_range="MPEG")


def tag_colours(context: av.VideoCodecContext, pixels: str) -> None:
    """Write into a stream which colours `frame_of` gives it, so that players show the same."""
    if pixels not in RGB:
        context.colorspace, context.color_range = 1, 1  # BT.709, limited
        context.color_primaries, context.color_trc = 1, 1
