"""Draw the picture of the house in ARCHITECTURE.md from its import table.

    python -m tools.house        # writes docs/images/house.svg

A room stands above all that it imports. An arrow is left out where others lead to the same room. On
the ground floor are small modules that import no room; no arrow is drawn to them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from textwrap import wrap

from tools.house_layout import Box, Floor, lay_out
from tools.import_table import ROOT, Room, modules, read_table, room_of

PICTURE = ROOT / "docs" / "images" / "house.svg"

UNIT, GAP = 106, 11  # a room on the widest floor, and between two [px]
HEIGHT, BETWEEN = 66, 26  # of a floor, and between floors [px]
GROUND = 48  # height of the ground floor [px]
MARGIN, HEAD, APART = 16, 62, 40  # inside of a house, its title, between two houses [px]
SIZE, LETTER = 12.5, 6.3  # of what a room is: height and mean width of a letter [px]
FONT = "Helvetica, Arial, sans-serif"

HOUSES = (
    ("sgview", "the program", "#eef3f8", "#d3e0ec", "#2f5d8a"),
    ("stylegan3", "the generators: know nothing of sgview", "#f8f2e9", "#ecdcc7", "#94602a"),
)
INK, QUIET, PAPER = "#1d2530", "#566270", "#ffffff"


@dataclass(frozen=True)
class House:
    """One of the two packages, laid out at its own origin [px]."""

    name: str
    subtitle: str
    wall: str
    base: str
    colour: str
    floors: tuple[Floor, ...]  # the lowest first
    ground: tuple[Room, ...]
    width: float
    height: float

    def top_of(self, floor: int) -> float:
        """Where the boxes of a floor begin, from the roof."""
        storey = (self.height - HEAD - GROUND) / len(self.floors)
        return HEAD + (len(self.floors) - 1 - floor) * storey


def needs(rooms: tuple[Room, ...]) -> dict[Room, set[Room]]:
    """Return the rooms that each room imports, without rooms that another import leads to."""
    direct = {
        room: {found for name in (*room.imports, *room.faces) if (found := room_of(name, rooms))}
        for room in rooms
    }
    reached: dict[Room, set[Room]] = {}
    for room in reversed(rooms):  # the table runs from top to bottom
        reached[room] = direct[room].union(*(reached[below] for below in direct[room]))
    return {
        room: {b for b in below if not any(b in reached[other] for other in below)}
        for room, below in direct.items()
    }


def draw(rooms: tuple[Room, ...]) -> str:
    """Return the picture as SVG."""
    packages = {module.name for module in modules() if module.path.name == "__init__.py"}
    arrows = needs(rooms)
    houses = [_house(*house, rooms, arrows, packages) for house in HOUSES]
    height = max(house.height for house in houses)
    houses = [replace(house, height=height) for house in houses]
    width = sum(house.width for house in houses) + APART * (len(houses) - 1) + 2 * MARGIN
    height += 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}" stroke="none">',
        "<title>The rooms of sgview and stylegan3, and who imports whom</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{PAPER}"/>',
    ]
    left = float(MARGIN)
    for house, following in zip(houses, [*houses[1:], None], strict=True):
        parts.append(f'<g transform="translate({left:.0f} {MARGIN})">')
        parts += _draw_house(house)
        if following:
            parts += _bridges(house, following, arrows)
        parts.append("</g>")
        left += house.width + APART
    return "\n".join([*parts, "</svg>", ""])


def _house(
    name: str,
    subtitle: str,
    wall: str,
    base: str,
    colour: str,
    rooms: tuple[Room, ...],
    arrows: dict[Room, set[Room]],
    packages: set[str],
) -> House:
    own = [room for room in rooms if room.name.partition(".")[0] == name]
    ground = [r for r in own if not arrows[r] and r.name not in packages and not r.faces]
    above = [room for room in own if room not in ground]
    inside = {room: [b for b in above if b in arrows[room]] for room in above}
    right = {room for room in above if any(b not in own for b in arrows[room])}
    floors = lay_out(inside, right, UNIT, GAP)
    width = max(box.right for floor in floors for box in floor.boxes.values()) + 2 * MARGIN
    height = HEAD + len(floors) * (HEIGHT + BETWEEN) + GROUND
    return House(name, subtitle, wall, base, colour, floors, tuple(ground), width, height)


def _draw_house(house: House) -> list[str]:
    parts = [
        f'<rect width="{house.width:.0f}" height="{house.height:.0f}" rx="12" '
        f'fill="{house.wall}" stroke="{house.base}"/>',
        _text(MARGIN, 30, house.name, 17, house.colour, weight="bold"),
        _text(MARGIN, 48, house.subtitle, SIZE, QUIET),
    ]
    for level, floor in enumerate(house.floors):
        for box, below in floor.arrows:
            x, target = _meet(box, below)
            top = house.top_of(level)
            if box.room is None:  # a lane leads past the rooms of a floor
                parts.append(_line(house, x, top, x, top + HEIGHT))
            end = house.top_of(level - 1)
            parts += _arrow(house, x, top + HEIGHT, target, end, bool(below.room))
    for level, floor in enumerate(house.floors):
        for room, box in floor.boxes.items():
            parts += _room(house, room, box, house.top_of(level))
    parts += _ground(house)
    return parts


def _room(house: House, room: Room, box: Box, top: float) -> list[str]:
    lines = wrap(room.purpose, int((box.right - box.left - 12) / LETTER))
    middle = MARGIN + box.middle
    first = top + HEIGHT / 2 - 7 * len(lines) + 6
    return [
        f'<rect x="{MARGIN + box.left:.1f}" y="{top:.1f}" width="{box.right - box.left:.1f}" '
        f'height="{HEIGHT}" rx="7" fill="{PAPER}" stroke="{house.colour}" stroke-width="1.3"/>',
        _text(middle, first, _label(room), 15, INK, "middle", "bold"),
        *(
            _text(middle, first + 16 + 13.5 * number, line, SIZE, QUIET, "middle")
            for number, line in enumerate(lines)
        ),
    ]


def _ground(house: House) -> list[str]:
    top = house.height - GROUND
    names = " · ".join(_label(room) for room in house.ground)
    purpose = "; ".join(room.purpose for room in house.ground)
    middle = house.width / 2
    return [
        f'<rect y="{top:.1f}" width="{house.width:.0f}" height="{GROUND}" rx="12" '
        f'fill="{house.base}"/>',
        _text(middle, top + 20, names, 14, INK, "middle", "bold"),
        _text(middle, top + 37, purpose, SIZE, QUIET, "middle"),
    ]


def _bridges(house: House, other: House, arrows: dict[Room, set[Room]]) -> list[str]:
    """Arrows from the last rooms of a floor to the house on the right."""
    parts = []
    for level, floor in enumerate(house.floors):
        for room, box in floor.boxes.items():
            if any(below.name.partition(".")[0] == other.name for below in arrows[room]):
                y = house.top_of(level) + HEIGHT / 2
                end = house.width + APART
                parts.append(_line(house, MARGIN + box.right, y, end - 6, y))
                parts.append(
                    f'<path d="M{end:.1f} {y:.1f}l-8 -4v8z" fill="{house.colour}" stroke="none"/>'
                )
    return parts


def _meet(box: Box, below: Box) -> tuple[float, float]:
    """Return where an arrow leaves and where it arrives: straight down where that is possible."""
    left, right = max(box.left, below.left), min(box.right, below.right)
    if left <= right:
        x = MARGIN + (left + right) / 2
        return x, x
    return MARGIN + box.middle, MARGIN + below.middle


def _arrow(
    house: House, x: float, start: float, target: float, end: float, has_head: bool
) -> list[str]:
    tip = end - 5 if has_head else end
    parts = [_line(house, x, start, target, tip)]
    if has_head:
        parts.append(f'<path d="M{target:.1f} {end:.1f}l-4 -8h8z" fill="{house.colour}"/>')
    return parts


def _line(house: House, x: float, y: float, to_x: float, to_y: float) -> str:
    bend = (y + to_y) / 2
    way = f"L{to_x:.1f} {to_y:.1f}"
    if x != to_x and y != to_y:
        way = f"C{x:.1f} {bend:.1f} {to_x:.1f} {bend:.1f} {to_x:.1f} {to_y:.1f}"
    return (
        f'<path d="M{x:.1f} {y:.1f}{way}" fill="none" stroke="{house.colour}" stroke-width="1.5"/>'
    )


def _label(room: Room) -> str:
    names = [name for name in room.names if "." in name and not name.endswith("__")]
    return " · ".join(name.rpartition(".")[2] for name in names or room.names)


def _text(
    x: float, y: float, text: str, size: float, fill: str, anchor: str = "start", weight: str = ""
) -> str:
    bold = f' font-weight="{weight}"' if weight else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}"{bold}>{escape(text)}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(read_table()), encoding="utf-8")
    print(f"Wrote {PICTURE.relative_to(ROOT)}")
