"""Where the vector that drives the network comes from, and what it looks like."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.panels import Emit
from sgview.state.params import Latents, Noise, NoiseType, Params
from sgview.state.status import Status

_NOISE = Noise()
_LATENTS = Latents()
_TYPES: tuple[tuple[NoiseType, str], ...] = (
    ("simplex2d", "Simplex 2D"),
    ("simplex3d", "Simplex 3D"),
    ("simplex4d", "Simplex 4D"),
    ("perlin2d", "Perlin 2D"),
    ("perlin3d", "Perlin 3D"),
    ("perlin4d", "Perlin 4D"),
    ("random", "Random"),
)
_AMPLITUDE_HELP = (
    "Height of the noise. As z it does almost nothing: the mapping network normalises z by its "
    "length, so only the offset changes the picture. As w it matters."
)
_MODE_HELP = (
    "One smooth field is read along the vector: neighbouring values are alike, over a length set "
    "by the period.",
    "Every value of the vector moves on a track of its own.",
)
_SPACE_HELP = (
    "The vector is z and goes through the mapping network.",
    "The vector is used as w in every layer; the mapping network is left out.",
)


def draw_latents(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the strip, the source and the noise."""
    draw_strip(status.picture.latent)
    controls = Controls(params, status, emit)
    latents = params.latents
    if widgets.section("Source"):
        latents = _draw_source(latents, controls.below("latents."))
    noise = params.noise
    if latents.source == "noise":
        if widgets.section("Noise"):
            noise = _draw_noise(noise, controls.below("noise."))
        if widgets.section("Transform"):
            noise = _draw_transform(noise, controls.below("noise."))
    if latents != params.latents or noise != params.noise:
        return replace(params, latents=latents, noise=noise)
    return params


def draw_strip(values: tuple[float, ...]) -> None:
    """Plot the latent vector over its index, scaled to its largest value, at least -1..1."""
    corner = imgui.get_cursor_screen_pos()
    width, height = imgui.get_content_region_avail().x, theme.px(theme.STRIP_HEIGHT)
    imgui.dummy(imgui.ImVec2(width, height))
    widgets.tooltip("The vector that drives the network now, one column a value.")
    draw = imgui.get_window_draw_list()
    end = (corner.x + width, corner.y + height)
    draw.add_rect_filled(corner, end, theme.u32(theme.BAR), imgui.get_style().frame_rounding)
    middle = corner.y + height / 2
    draw.add_line((corner.x, middle), (end[0], middle), theme.u32(theme.LINE_LIGHT))
    finite = [value for value in values if abs(value) < 1e30]
    if not finite or width < 2:
        return
    top = max(1.0, max(abs(value) for value in finite))
    inset = theme.px(theme.GAP_TINY)
    reach = (height / 2 - inset) / top
    columns = min(len(finite), int(width - 2 * inset))
    step = (width - 2 * inset) / max(columns, 1)
    fill, line = theme.u32(theme.ACCENT_FILL), theme.u32(theme.ACCENT)
    left, count = corner.x + inset, len(finite)
    points: list[imgui.ImVec2Like] = []
    for column in range(columns):
        x, y = left + column * step, middle - finite[column * count // columns] * reach
        low, high = (y, middle) if y < middle else (middle, y)
        # Whole pixels: columns that share one would show as seams.
        draw.add_rect_filled((round(x), low), (round(x + step), high), fill)
        points.append((x + step / 2, y))
    draw.add_polyline(points, line, max(1.0, theme.px(theme.HAIRLINE)), imgui.ImDrawFlags_.none)
    pad = theme.px(theme.GAP_TINY)
    note = f"{len(values)}"
    shade = theme.u32(theme.TEXT_FAINT)
    draw.add_text((corner.x + pad, corner.y + pad * 0.5), shade, f"±{top:.2f}")
    at = (end[0] - pad - imgui.calc_text_size(note).x, corner.y + pad * 0.5)
    draw.add_text(at, shade, note)


def _draw_source(latents: Latents, controls: Controls) -> Latents:
    changed = replace(
        latents,
        source=rows.choice(
            "Source", latents.source, _LATENTS.source, (("noise", "Noise"), ("seeds", "Seeds"))
        ),
        space=rows.choice(
            "Used as",
            latents.space,
            _LATENTS.space,
            (("z", "Z"), ("w", "W")),
            option_help=_SPACE_HELP,
        ),
    )
    if changed.source == "seeds":
        return replace(
            changed,
            seed=rows.integer(
                "Seed",
                changed.seed,
                _LATENTS.seed,
                0,
                1000,
                is_filled=False,
                help="Which Gaussian z.",
                control=controls("seed"),
            ),
            seed_speed=rows.number(
                "Walk",
                changed.seed_speed,
                _LATENTS.seed_speed,
                0.0,
                2.0,
                digits=2,
                unit=" /s",
                help="Seeds walked through in a second, interpolated on the sphere.",
                control=controls("seed_speed"),
            ),
        )
    return replace(
        changed,
        mode=rows.choice(
            "Mode",
            changed.mode,
            _LATENTS.mode,
            (("field", "Field"), ("independent", "Independent")),
            option_help=_MODE_HELP,
        ),
        gaussianise=rows.toggle(
            "Gaussianise",
            changed.gaussianise,
            _LATENTS.gaussianise,
            "Map the bounded noise to the standard normal distribution that networks were "
            "trained with.",
            control=controls("gaussianise"),
        ),
    )


def _draw_noise(noise: Noise, controls: Controls) -> Noise:
    """Parameters as in TouchDesigner's Noise TOP, in its order."""
    return replace(
        noise,
        type=rows.combo("Type", noise.type, _NOISE.type, _TYPES),
        seed=rows.integer(
            "Seed", noise.seed, _NOISE.seed, 0, 100, is_filled=False,
            control=controls("seed"),
        ),
        period=rows.number(
            "Period", noise.period, _NOISE.period, 0.0, 4.0, minimum=0.001,
            help="Size of one noise cell, in lengths of the strip.", control=controls("period"),
        ),
        harmonics=rows.integer(
            "Harmonics", noise.harmonics, _NOISE.harmonics, 0, 8, minimum=0, maximum=8,
            help="Octaves beyond the first.", control=controls("harmonics"),
        ),
        harmonic_spread=rows.number(
            "Harmonic spread", noise.harmonic_spread, _NOISE.harmonic_spread, 0.0, 4.0,
            minimum=0.001, help="Factor of the frequency from one octave to the next.",
            control=controls("harmonic_spread"),
        ),
        harmonic_gain=rows.number(
            "Harmonic gain", noise.harmonic_gain, _NOISE.harmonic_gain, 0.0, 1.0,
            help="Factor of the amplitude from one octave to the next.",
            control=controls("harmonic_gain"),
        ),
        exponent=rows.number(
            "Exponent", noise.exponent, _NOISE.exponent, 0.0, 4.0, minimum=0.001,
            help="Contrast: values are raised to this power, their sign kept.",
            control=controls("exponent"),
        ),
        amplitude=rows.number(
            "Amplitude", noise.amplitude, _NOISE.amplitude, 0.0, 2.0, help=_AMPLITUDE_HELP,
            control=controls("amplitude"),
        ),
        offset=rows.number(
            "Offset", noise.offset, _NOISE.offset, -1.0, 1.0, help="Added to every value.",
            control=controls("offset"),
        ),
        monochrome=rows.toggle(
            "Monochrome",
            noise.monochrome,
            _NOISE.monochrome,
            "One noise for all rows; off: one of its own for each, where several are asked for.",
            control=controls("monochrome"),
        ),
    )  # fmt: skip


def _draw_transform(noise: Noise, controls: Controls) -> Noise:
    noise = replace(
        noise,
        translate=rows.vector(
            "Translate", noise.translate, _NOISE.translate, controls=controls.below("translate.")
        ),
        translate_speed=rows.vector(
            "Speed",
            noise.translate_speed,
            _NOISE.translate_speed,
            speed=0.002,
            digits=3,
            help="Added to the translation every second: this is what makes the network move.",
            controls=controls.below("translate_speed."),
        ),
        rotate=rows.vector(
            "Rotate",
            noise.rotate,
            _NOISE.rotate,
            speed=0.5,
            digits=1,
            unit="°",
            help="[degrees]",
            controls=controls.below("rotate."),
        ),
        scale=rows.vector("Scale", noise.scale, _NOISE.scale, controls=controls.below("scale.")),
        pivot=rows.vector(
            "Pivot",
            noise.pivot,
            _NOISE.pivot,
            help="Centre of rotation and scaling.",
            controls=controls.below("pivot."),
        ),
    )
    if not noise.type.endswith("4d"):
        return noise
    return replace(
        noise,
        translate_4d=rows.number(
            "Translate 4D",
            noise.translate_4d,
            _NOISE.translate_4d,
            -2.0,
            2.0,
            control=controls("translate_4d"),
        ),
        translate_4d_speed=rows.number(
            "Speed 4D",
            noise.translate_4d_speed,
            _NOISE.translate_4d_speed,
            -1.0,
            1.0,
            unit=" /s",
            control=controls("translate_4d_speed"),
        ),
    )
