"""Text that is no Unicode is drawn.

Names are made drawable where they come in; paths and what others say are as they are.
"""

import pytest
from msgspec.structs import replace

from sgview.state.status import (
    LoadStatus,
    LookStatus,
    Notice,
    OscStatus,
    ScriptStatus,
    SliderStatus,
)
from sgview.state.text import drawable

BAD = "/folder/bad\udcff \ud800.pkl"


@pytest.mark.parametrize("tab", ["Latents", "Layers", "Edits", "Blend", "Looks", "Signals"])
def test_bad_names_are_drawn(make_stage, fakes, tab: str) -> None:
    status = fakes.status(
        networks={"a": replace(fakes.network(), name=BAD, path=BAD)},
        unloaded={"b": BAD},
        loading=(LoadStatus("b", BAD, 0.5),),
        notices=(Notice(1, "error", BAD, BAD),),
        recent=(BAD, BAD),
    )
    player = replace(
        status.player,
        script=ScriptStatus(BAD, BAD, 3, BAD),
        osc=OscStatus("127.0.0.1:9000", last=BAD),
        sliders=(SliderStatus(drawable(BAD), 0.0, 1.0, 0.5),),
    )
    show = replace(
        status.show, looks=(LookStatus(drawable(BAD), 1), LookStatus("x", 0, problem=BAD))
    )
    stage = make_stage(status=replace(status, player=player, show=show))
    from imgui_bundle import imgui

    imgui.set_window_focus(tab)
    stage.frame(4)
    assert stage.reads("bad\ufffd")
