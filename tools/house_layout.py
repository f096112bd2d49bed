"""Where the rooms of a house stand: floors by what they import, then columns.

A room stands one floor above the highest room that it imports; one that imports none may stand
higher, beside most others. An arrow that passes a floor has a lane there. Rooms of the fullest
floor are equally wide; those of others are as wide as what they are connected with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from tools.import_table import Room

LANE = 10.0
"""Half the room that a lane keeps free around it [px]."""


@dataclass
class Box:
    """The horizontal place of a room, or of a lane, which is a line."""

    room: Room | None
    left: float = 0.0
    right: float = 0.0
    leads_to: Box | None = None  # of a lane: what comes next below

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where; of a lane: as far as the room that it leads to."""
        if self.leads_to is None or not self.leads_to.right:
            return self.left, self.right
        return self.leads_to.reach

    @property
    def middle(self) -> float:
        """Its centre [px]."""
        return (self.left + self.right) / 2


@dataclass
class Floor:
    """What stands side by side, in order, and the arrows from here to the floor below."""

    items: list[Box] = field(default_factory=list)
    arrows: list[tuple[Box, Box]] = field(default_factory=list)

    @property
    def boxes(self) -> dict[Room, Box]:
        """The rooms, without the lanes."""
        return {box.room: box for box in self.items if box.room}


def lay_out(
    needs: dict[Room, list[Room]], to_the_right: set[Room], unit: float, gap: float
) -> tuple[Floor, ...]:
    """Place rooms, the lowest floor first.

    Args:
        needs: the rooms of this house that each room imports; above comes before below.
        to_the_right: rooms that stand last on their floor.
        unit: width of a room on the widest floor [px].
        gap: between two rooms [px].
    """
    floors = _floors(needs)
    _order(floors, to_the_right)
    widest = _widest(floors)
    x = 0.0
    for box in floors[widest].items:
        box.left, box.right = (x, x + unit) if box.room else (x + LANE - gap / 2,) * 2
        x = box.right + gap if box.room else box.right + LANE + gap / 2
    upward, downward = range(widest + 1, len(floors)), range(widest - 1, -1, -1)
    for levels, below in ((upward, True), (downward, False), (upward, True)):
        for level in levels:  # upwards again, now that lanes know what they lead to
            _span(floors[level], _neighbours(floors, level, below=below), unit, gap)
    return tuple(floors)


def _floors(needs: dict[Room, list[Room]]) -> list[Floor]:
    level: dict[Room, int] = {}
    for room in reversed(needs):
        level[room] = 1 + max((level[below] for below in needs[room]), default=-1)
    count = max(level.values()) + 1
    widest = max(range(count), key=[*level.values()].count)
    for room in needs:
        users = [level[other] for other in needs if room in needs[other]]
        if not needs[room] and users:
            level[room] = max(min(widest, min(users) - 1), level[room])
    floors = [Floor() for _ in range(count)]
    boxes = {room: Box(room) for room in needs}
    for room, box in boxes.items():
        floors[level[room]].items.append(box)
    lanes: dict[tuple[Room, int], Box] = {}
    for room in needs:
        for below in needs[room]:
            upper = boxes[room]
            for passed in range(level[room] - 1, level[below], -1):
                lane = lanes.get((below, passed))
                if lane is None:
                    lane = lanes[below, passed] = Box(None)
                    floors[passed].items.append(lane)
                _add(floors[passed + 1], upper, lane)
                upper.leads_to = lane if upper.room is None else None
                upper = lane
            upper.leads_to = boxes[below] if upper.room is None else None
            _add(floors[level[below] + 1], upper, boxes[below])
    return floors


def _widest(floors: list[Floor]) -> int:
    """Return the floor with the most rooms, and of several that with the most lanes."""
    sizes = [(len(floor.boxes), len(floor.items)) for floor in floors]
    return sizes.index(max(sizes))


def _add(floor: Floor, box: Box, below: Box) -> None:
    if not any(a is box and b is below for a, b in floor.arrows):
        floor.arrows.append((box, below))


def _neighbours(floors: list[Floor], level: int, *, below: bool) -> list[list[Box]]:
    """Return what each item of a floor is connected with on the floor below, or above."""
    if below:
        arrows = floors[level].arrows
        return [[b for a, b in arrows if a is item] for item in floors[level].items]
    arrows = floors[level + 1].arrows if level + 1 < len(floors) else []
    return [[a for a, b in arrows if b is item] for item in floors[level].items]


def _order(floors: list[Floor], to_the_right: set[Room]) -> None:
    """Sort each floor by the mean place of what it is connected with, a few times up and down."""
    for sweep in range(8):
        is_upward = sweep % 2 == 0
        for level in range(len(floors)) if is_upward else range(len(floors) - 1, -1, -1):
            other = level - 1 if is_upward else level + 1
            if not 0 <= other < len(floors):
                continue
            place = {id(box): i for i, box in enumerate(floors[other].items)}
            scale = len(floors[level].items) / max(len(floors[other].items), 1)
            near = _neighbours(floors, level, below=is_upward)
            keys = {}
            for i, (item, others) in enumerate(zip(floors[level].items, near, strict=True)):
                mean = sum(place[id(box)] for box in others) / len(others) if others else i / scale
                keys[id(item)] = (item.room in to_the_right, mean)
            floors[level].items.sort(key=lambda item: keys[id(item)])


def _span(floor: Floor, near: list[list[Box]], unit: float, gap: float) -> None:
    """Make each room as wide as its neighbours, and keep rooms apart."""
    for item, others in zip(floor.items, near, strict=True):
        left, right = min(box.reach[0] for box in others), max(box.reach[1] for box in others)
        if item.room is None:
            left = right = others[0].middle
        elif right - left < unit:
            left, right = max((left + right - unit) / 2, 0), max((left + right + unit) / 2, unit)
        item.left, item.right = left, right
    floor.items.sort(key=lambda item: item.middle)
    for item, following in pairwise(floor.items):
        space = gap if item.room and following.room else LANE
        cut = (item.right + following.left) / 2
        if following.left - item.right >= space:
            continue
        if item.room and following.room:
            item.right, following.left = cut - space / 2, cut + space / 2
        elif item.room:
            item.right = following.left - space
        else:
            following.left = item.right + space
            following.right = max(following.left, following.right)
