"""The settings of an output's frame: size, rate, and how pictures lie in it."""

from __future__ import annotations

from msgspec.structs import replace

from sgview.gui.controls import rows
from sgview.state.output_frame import LARGEST_SIDE, PICTURE, PLAIN, SIZES, OutputFrame
from sgview.state.status import OutputStatus

CUSTOM = "custom"
_SIZES = (
    (PICTURE, "Of the picture"),
    ("720p", "720p, 1280 × 720"),
    ("1080p", "1080p, 1920 × 1080"),
    ("4k", "4K, 3840 × 2160"),
    ("square", "Square, 1080 × 1080"),
    ("vertical", "Vertical, 1080 × 1920"),
    (CUSTOM, "Custom"),
)
_RATES = ((0.0, "Every picture"), *((float(rate), f"{rate} /s") for rate in (24, 25, 30, 50, 60)))
_FITS = (("fit", "Fit"), ("fill", "Fill"), ("stretch", "Stretch"), ("1:1", "1:1"))
_FIT_HELP = (
    "The whole picture, as large as fits.",
    "The whole frame, the picture cropped.",
    "The whole frame, the picture stretched.",
    "One pixel of the picture in one of the frame.",
)
_ROTATIONS = ((0, "0°"), (90, "90°"), (180, "180°"), (270, "270°"))
_EDGES = (("black", "Black"), ("blurred", "Blurred"), ("mirrored", "Mirrored"))
_EDGE_HELP = (
    "Black beside the picture.",
    "A large, soft and dark copy of the picture.",
    "The picture goes on, mirrored.",
)
_SCALING = (("cubic", "Fine"), ("linear", "Smooth"), ("nearest", "Sharp"))
_SCALING_HELP = (
    "A cubic filter that sharpens a little.",
    "Interpolated linearly.",
    "The nearest pixel, edges kept.",
)


def draw_frame(output: OutputStatus) -> OutputFrame:
    """Draw a row for each setting that means something to `output`; return the frame after it."""
    frame, fields = output.frame, output.frame_fields
    if "size" in fields:
        frame = _draw_size(output, frame)
    if "rate" in fields:
        known = _RATES
        if frame.rate not in dict(_RATES):
            known = (*_RATES, (frame.rate, f"{frame.rate:g} /s"))
        help = "A constant rate repeats pictures where there are no new ones."
        frame = replace(frame, rate=rows.combo("Rate", frame.rate, PLAIN.rate, known, help))
    if "fit" in fields:
        fit = rows.choice("Fit", frame.fit, PLAIN.fit, _FITS, "", _FIT_HELP)
        frame = replace(frame, fit=fit)
    if "rotation" in fields:
        turned = rows.choice("Rotation", frame.rotation, 0, _ROTATIONS, "Clockwise.")
        frame = replace(frame, rotation=turned)
    if "edges" in fields:
        help = "What is beside a picture that does not fill the frame."
        edges = rows.choice("Edges", frame.edges, PLAIN.edges, _EDGES, help, _EDGE_HELP)
        frame = replace(frame, edges=edges)
    if "resampling" in fields:
        help = "How pixels become those of the frame, where the picture is enlarged."
        scaled = rows.choice(
            "Pixels", frame.resampling, PLAIN.resampling, _SCALING, help, _SCALING_HELP
        )
        frame = replace(frame, resampling=scaled)
    return frame


def _draw_size(output: OutputStatus, frame: OutputFrame) -> OutputFrame:
    chosen = frame.size if frame.size in SIZES else CUSTOM
    new = rows.combo("Size", chosen, PLAIN.size, _SIZES, "Whatever layer is shown.")
    if new != chosen:
        width, height = output.size if all(output.size) else (1024, 1024)
        return replace(frame, size=f"{width}x{height}" if new == CUSTOM else new)
    if chosen != CUSTOM:
        return frame
    sides = tuple(map(int, frame.size.split("x")))
    width, height = (
        rows.integer(name, side, 1024, 1, 4096, minimum=1, maximum=LARGEST_SIDE, is_filled=False)
        for name, side in zip(("Width", "Height"), sides, strict=True)
    )
    return replace(frame, size=f"{width}x{height}")


def summary_of(output: OutputStatus) -> str:
    """Return the size and rate that an output has once it is on, as far as they are its own."""
    frame, fields = output.frame, output.frame_fields
    parts = []
    if "size" in fields and frame.size != PICTURE:
        parts.append(frame.size.replace("x", " × "))
    if "rate" in fields and frame.rate:
        parts.append(f"{frame.rate:g} /s")
    return ", ".join(parts)
