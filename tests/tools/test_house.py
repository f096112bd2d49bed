"""The picture of the house says what the import table says."""

from itertools import pairwise

from tools.house import PICTURE, draw, needs
from tools.house_layout import lay_out
from tools.import_table import Room, read_table

TOP = Room(("p.top",), "", (), (), ())
LEFT = Room(("p.left",), "", (), (), ())
RIGHT = Room(("p.right",), "", (), (), ())
LOW = Room(("p.low",), "", (), (), ())


def test_the_picture_is_drawn_from_the_table_as_it_stands() -> None:
    drawn = draw(read_table())
    assert PICTURE.read_text(encoding="utf-8") == drawn, "run: python -m tools.house"


def test_an_arrow_that_others_lead_to_is_left_out() -> None:
    low = Room(("p.low",), "", (), (), ())
    middle = Room(("p.middle",), "", ("p.low",), (), ())
    top = Room(("p.top",), "", ("p.middle", "p.low"), (), ())
    assert needs((top, middle, low)) == {top: {middle}, middle: {low}, low: set()}


def test_rooms_stand_above_what_they_import_and_apart() -> None:
    floors = lay_out({TOP: [LEFT, RIGHT, LOW], LEFT: [LOW], RIGHT: [LOW], LOW: []}, {LEFT}, 100, 10)
    assert [set(floor.boxes) for floor in floors] == [{LOW}, {LEFT, RIGHT}, {TOP}]
    for floor in floors:
        for box, following in pairwise(floor.items):
            assert box.right < following.left
    assert list(floors[1].boxes)[-1] is LEFT
