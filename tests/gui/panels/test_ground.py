"""The panel of the ground, and the mouse on the picture that it goes with."""

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.state.commands import Restart
from sgview.state.networks import TensorInfo
from sgview.state.params import Ground, InputTransform, Latents, Params, PixelNoise, View


@pytest.fixture
def open_stage(make_stage, fakes):
    """Make a stage with the panel in sight and a network of a family."""

    def make(family="StyleGAN3-R", params=None, **changes):
        network = fakes.network(family)
        noise = TensorInfo("synthesis.b8.conv0.noise_strength", "b8", (), False)
        if family == "StyleGAN2":
            network = replace(network, tensors=(*network.tensors, noise))
        stage = make_stage(params or Params(), fakes.status(networks={"a": network}))
        stage.show("Ground")
        return stage

    return make


def picture(stage, across=0.5, down=0.5) -> tuple[float, float]:
    x, y, width, height = stage.gui.picture_rect
    return x + across * width, y + down * height


def height_of(stage) -> float:
    return min(stage.gui.picture_rect[2:])


def drag(stage, start, steps, button=1) -> None:
    """Press at `start` and move on step by step [px]."""
    io = imgui.get_io()
    x, y = start
    io.add_mouse_pos_event(x, y)
    stage.frame(2)
    stage.press(button, True)
    for across, down in steps:
        x, y = x + across, y + down
        io.add_mouse_pos_event(x, y)
        stage.frame()
    stage.press(button, False)
    stage.wait(1.0)


@pytest.mark.parametrize("family", ["StyleGAN1", "StyleGAN2"])
def test_pixel_noise_of_families_that_have_some(open_stage, family) -> None:
    assert not open_stage().has("Random##1")
    stage = open_stage(family)
    stage.click("Random##1")
    assert stage.params == Params(noise_mode="random")
    assert not stage.has("##Move X")


def test_each_value_has_a_row(open_stage) -> None:
    grid = open_stage()
    for name in ("Move X", "Move Y", "Turn", "Zoom", "Shear", "Speed X", "Turning", "Turn back"):
        assert grid.has(f"##{name}"), name
    stage = open_stage("StyleGAN2")
    stage.drag("##Strength", 40)
    assert stage.params.ground.noise.strength > 1.0
    stage.drag("##Moving", 40)
    assert stage.params.ground.noise.moving > 0.0
    stage.click("Noise by layer")
    stage.drag("##b8.conv0", 40)
    assert stage.params.ground.noise.layers["b8_conv0"] > 1.0
    stage.drag("##Amount", 40)
    assert stage.params.ground.constant.amount > 0.0


def test_without_a_network_it_says_so(make_stage, fakes) -> None:
    stage = make_stage(status=fakes.status(networks={}))
    stage.show("Ground")
    assert stage.reads("open one first")


def test_a_right_drag_moves_the_picture_with_the_hand(open_stage) -> None:
    stage = open_stage()
    tenth = height_of(stage) / 10
    drag(stage, picture(stage), [(tenth, 0.0), (tenth, -tenth)])
    grid = stage.params.ground.input
    assert (grid.x, grid.y) == pytest.approx((0.2, 0.1), abs=0.01)
    assert stage.params == Params(ground=Ground(input=InputTransform(x=grid.x, y=grid.y)))
    flipped = open_stage(params=Params(view=View(flip_horizontal=True, flip_vertical=True)))
    drag(flipped, picture(flipped), [(tenth, -tenth)])
    grid = flipped.params.ground.input
    assert (grid.x, grid.y) == pytest.approx((-0.1, -0.1), abs=0.01)


def test_outside_of_the_ring_it_turns(open_stage) -> None:
    stage = open_stage()
    far = 0.45 * height_of(stage)
    x, y = picture(stage)
    quarter = [(-far / 2, -far / 2), (-far / 2, -far / 2)]  # from the right to the top
    drag(stage, (x + far, y), quarter)
    grid = stage.params.ground.input
    assert grid.rotate == pytest.approx(90.0, abs=2.0) and grid.x == grid.y == 0.0


@pytest.mark.parametrize("source", ["noise", "plane"])
def test_the_wheel_zooms_about_the_mouse_while_the_picture_is_held(open_stage, source) -> None:
    """Else it does what it is set to do."""
    stage = open_stage(params=Params(latents=Latents(source=source)))
    x, y = picture(stage)
    quarter = height_of(stage) / 4
    imgui.get_io().add_mouse_pos_event(x + quarter, y)
    stage.frame(2)
    imgui.get_io().add_mouse_wheel_event(0.0, 1.0)
    stage.frame(2)
    psi = stage.params.mapping.truncation_psi
    assert psi != 1.0 and stage.params.ground == Ground()
    stage.press(1, True)
    imgui.get_io().add_mouse_wheel_event(0.0, 8.0)
    stage.frame(2)
    stage.press(1, False)
    grid = stage.params.ground.input
    assert grid.scale == pytest.approx(2.0)
    assert grid.x + grid.scale * 0.25 == pytest.approx(0.25, abs=0.01)
    assert stage.params.mapping.truncation_psi == psi


def test_a_double_right_click_and_the_button_go_home(open_stage) -> None:
    away = InputTransform(x=0.3, rotate=20.0, speed_x=0.1, untransform=True)
    for press in ("button", "picture"):
        stage = open_stage(params=Params(ground=Ground(input=away)))
        if press == "button":
            stage.click("Home")
        else:
            imgui.get_io().add_mouse_pos_event(*picture(stage))
            stage.frame(2)
            for is_down in (True, False, True, False):
                stage.press(1, is_down)
        assert stage.params.ground.input == InputTransform(untransform=True), press
        names = {command.name for command in stage.commands if isinstance(command, Restart)}
        assert names == {"ground.x", "ground.y", "ground.rotate", "ground.scale"}


def test_the_mouse_leaves_networks_without_a_grid_alone(open_stage) -> None:
    stage = open_stage("StyleGAN2")
    drag(stage, picture(stage), [(40.0, 10.0)])
    assert stage.params == Params()


def test_what_does_nothing_is_dimmed(open_stage) -> None:
    """And still works: an artist may prepare it."""
    stage = open_stage("StyleGAN2", params=Params(noise_mode="none"))
    stage.drag("##Moving", 40)
    assert stage.params.ground.noise != PixelNoise()
