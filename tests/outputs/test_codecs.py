"""The table of codecs: each that software can do keeps the picture, and the hardware is tried."""

import io

import av
import numpy as np
import pytest

from sgview.outputs import codecs
from sgview.outputs.codecs import CODECS, Codec, Encoder
from sgview.outputs.video import FORMATS

VIDEO = [codec for codec in CODECS if not codec.is_sequence]
KINDS = [
    pytest.param(codec, has_alpha, id=f"{codec.name}-{has_alpha}")
    for codec in VIDEO
    for has_alpha in (False, True)
    if codec.has_alpha or not has_alpha
]


def smooth() -> np.ndarray:
    """Return a picture [96, 128, 4] that codecs keep well, alpha from left to right."""
    y, x = np.mgrid[0:96, 0:128]
    channels = (x * 2, y * 2, 200 - x, x * 2)
    return np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8)


def encoded(codec: Codec, encoder: Encoder, *, has_alpha: bool) -> io.BytesIO:
    pixels, file = encoder.pixel_format(has_alpha=has_alpha), io.BytesIO()
    with av.open(file, "w", format=FORMATS[codec.suffixes[0]]) as container:
        stream = container.add_stream(encoder.name, rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 96, pixels
        stream.options = encoder.options_for(90, is_live=True, has_alpha=has_alpha)
        codecs.tag_colours(stream.codec_context, pixels)
        for n in range(3):
            frame = codecs.frame_of(smooth(), pixels)
            frame.pts = n
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


def decoded(file: io.BytesIO) -> list[av.VideoFrame]:
    with av.open(file) as container:
        stream = container.streams.video[0]
        if stream.codec_context.name != "vp9":
            return list(container.decode(stream))
        # FFmpeg's own decoder of VP9 knows no alpha.
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [decoder.decode(packet) for packet in container.demux(stream) if packet.size]
        return [frame for some in frames for frame in some] + decoder.decode(None)


def rgba(frame: av.VideoFrame) -> np.ndarray:
    if frame.format.name.startswith("bgr"):
        return frame.to_ndarray(format="rgba")
    ways = {"src_colorspace": "ITU709", "src_color_range": "MPEG"}
    return frame.reformat(format="rgba", **ways).to_ndarray()


@pytest.mark.parametrize(("codec", "has_alpha"), KINDS)
def test_software_keeps_the_picture_and_says_its_colours(codec: Codec, has_alpha: bool) -> None:
    encoder = codecs.encoder_for(codec, has_alpha=has_alpha, is_software=True)
    frames = decoded(encoded(codec, encoder, has_alpha=has_alpha))
    assert len(frames) == 3
    error = np.abs(rgba(frames[0]).astype(int) - smooth())
    limit = 0 if codec.name == "ffv1" else 3
    assert error[..., :3].mean() <= limit
    if has_alpha:
        assert error[..., 3].mean() <= limit
    if codec.name != "ffv1":
        assert (frames[0].colorspace, frames[0].color_range) == (1, 1)


def test_an_encoder_that_does_not_work_is_passed_over_and_says_why() -> None:
    broken = Encoder("h264_of_nobody", "yuv420p", maker="Nobody")
    works = Encoder("libx264", "yuv420p", quality=("crf", 38, 10))
    assert codecs.failure(broken) and not codecs.failure(works)
    assert codecs.encoder_for(Codec("x", "X", "", (broken, works))) is works
    with pytest.raises(LookupError, match="X cannot be encoded here: h264_of_nobody do not work"):
        codecs.encoder_for(Codec("x", "X", "", (broken,)))


def test_names_and_suffixes_lead_to_a_codec() -> None:
    assert codecs.codec_named("h264").label == "H.264"
    assert len(set(codecs.names())) == len(CODECS)
    found = {suffix: codecs.codec_for(suffix) for suffix in (".MP4", ".mov", ".webm", ".mkv")}
    names = {suffix: codec.name if codec else "" for suffix, codec in found.items()}
    assert names == {".MP4": "h264", ".mov": "h264", ".webm": "vp9", ".mkv": "h264"}
    assert codecs.codec_for(".gif") is None
    with pytest.raises(KeyError, match='there is no codec "h263": use one of h264, h265'):
        codecs.codec_named("h263")


@pytest.mark.parametrize("codec", VIDEO, ids=lambda codec: codec.name)
def test_quality_is_a_range_of_the_encoders_own(codec: Codec) -> None:
    for encoder in codec.encoders:
        name, lowest, highest = encoder.quality
        if name:
            for quality, expected in ((-5, lowest), (0, lowest), (100, highest), (300, highest)):
                assert encoder.options_for(quality, is_live=False)[name] == str(expected)
