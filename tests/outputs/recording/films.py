"""Pictures to record, sound to record with them, and what is found in a film."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from sgview.outputs.picture import OutputPicture
from sgview.outputs.recording.sound_track import RATE
from sgview.state.output_frame import OutputFrame
from sgview.state.params import Params

SIZE = (64, 48)
FPS = 30.0


def pixels(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return a flat picture of its own grey, one that codecs keep: 40, 44, 48 ..."""
    grey = 40 + 4 * number
    return np.full((size[1], size[0], 4), (grey, grey, grey, 255), np.uint8)


def picture(
    number: int, slot: int | None = None, *, start: float = 100.0, rgba8: np.ndarray | None = None
) -> OutputPicture:
    """Return picture `number`, offered in its slot of `FPS` a second since `start` [s]."""
    made = pixels(number) if rgba8 is None else rgba8
    slot = number if slot is None else slot
    time = start + slot / FPS
    frame = OutputFrame(rate=FPS)
    return OutputPicture(made, Params(), time, made.copy, frame=frame, slot=slot, time=time)


@dataclass(frozen=True)
class Block:
    """What a tap gives."""

    start: float  # [s]
    samples: np.ndarray  # float32 [2, n]


class Tap:
    """Gives what a test puts in."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.is_closed = False

    def take(self) -> list[Block]:
        taken, self.blocks = self.blocks, []
        return taken

    def close(self) -> None:
        self.is_closed = True


def greys(path: Path) -> list[float]:
    """Return the mean of each picture of a film, as it was put in."""
    with av.open(str(path)) as container:
        return [_grey(frame) for frame in container.decode(video=0)]


def _grey(frame: av.VideoFrame) -> float:
    """Read Y' itself: FFmpeg's way back from ten bits to RGB is two levels off."""
    component = frame.format.components[0]
    if not component.is_luma:
        return float(frame.to_ndarray(format="rgb24").mean())
    dtype = np.uint8 if component.bits == 8 else np.uint16
    luma = np.frombuffer(frame.planes[0], dtype).reshape(frame.height, -1)[:, : frame.width]
    return (float(luma.mean()) / 2 ** (component.bits - 8) - 16.0) * 255.0 / 219.0


def times(path: Path) -> list[float]:
    """Return when each picture of a film is shown [s]."""
    with av.open(str(path)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


def sound(path: Path) -> np.ndarray:
    """Return the sound of a film from its time 0 on, float32 [2, n] at `RATE`."""
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    heard = np.zeros((2, 0), np.float32)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                place = round(float(piece.time or 0.0) * RATE)
                samples = piece.to_ndarray()
                end = place + samples.shape[1]
                if end > heard.shape[1]:
                    heard = np.pad(heard, ((0, 0), (0, end - heard.shape[1])))
                first = max(-place, 0)
                heard[:, place + first : end] = samples[:, first:]
    return heard
