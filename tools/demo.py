"""Play the built-in networks for ten seconds on a virtual screen, and film it.

The program is the real one, in a real window; keys are pressed on the virtual screen's keyboard.
Leaves out/demo.mp4 and out/demo.png. `make run` starts this where there is no screen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

OUT = Path("out")
SECONDS = 10.0
FPS = 12.0
SIZE = (1280, 800)


def main() -> int:
    """Film the scenes; return the exit code."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            print(f"demo: please install {program} (Debian: apt-get install xvfb xdotool)")
            return 1
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, virtual_screen():
        film(Path(folder))
    print(f"demo: played without a screen; look at {OUT / 'demo.mp4'} and {OUT / 'demo.png'}")
    return 0


@contextmanager
def virtual_screen() -> Iterator[None]:
    """Start a virtual screen and make it this process's."""
    read_end, write_end = os.pipe()
    width, height = SIZE
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as pipe:
            os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
        yield
    finally:
        server.terminate()
        server.wait()


def film(state_folder: Path) -> None:
    """Run the app through the scenes and write what its window shows."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # window and network share the cores

    from PIL import Image

    from sgview import resources
    from sgview.app.app import App
    from sgview.engine.engine import Engine
    from sgview.engine.networks import open_networks
    from sgview.engine.worker import EngineWorker
    from sgview.gfx import framebuffer
    from sgview.outputs.video import VideoWriter
    from sgview.settings import Settings, WindowSettings
    from sgview.state.presets import load_preset

    first = load_preset(resources.looks()["first"])
    settings = Settings(window=WindowSettings(width=SIZE[0], height=SIZE[1]), params=first)
    worker = EngineWorker(Engine("auto"))
    with App(settings, worker, state_folder=state_folder) as app:
        for slot, network in open_networks().items():
            worker.set_network(slot, network)
        while app.picture is None:
            app.frame()
        scenes = iter(SCENES)
        scene_end, play = 0.0, None
        with VideoWriter(OUT / "demo.mp4", FPS) as video:
            start = time.perf_counter()
            filmed = 0
            while (now := time.perf_counter() - start) < SECONDS:
                if now >= scene_end and (scene := next(scenes, None)) is not None:
                    seconds, begin, play = scene
                    scene_start, scene_end = scene_end, scene_end + seconds
                    begin(app)
                if play is not None:
                    play(app, min(1.0, (now - scene_start) / (scene_end - scene_start)))
                app.frame()
                while filmed < now * FPS:  # a slow machine shows a picture twice
                    shot = framebuffer.read(app.screen.window.framebuffer_size)
                    video.write(shot)
                    filmed += 1
        Image.fromarray(shot[..., :3]).save(OUT / "demo.png")


def press(*keys: str) -> None:
    """Press keys on the virtual screen's keyboard."""
    subprocess.run(["xdotool", "key", *keys], check=True, stdout=subprocess.DEVNULL)


def begin_layers(app) -> None:
    """Scene: from the image down three layers, by the key."""
    show_tab("Layers")
    press("bracketleft", "bracketleft", "bracketleft")


def begin_edit(app) -> None:
    """Scene: the image again, one tensor multiplied by a sine."""
    from sgview.state.params import Edit

    press("0")
    show_tab("Edits")
    network = app.status.engine.networks["a"]
    names = [tensor.name for tensor in network.tensors]
    wanted = ("synthesis.b4.const", "synthesis.input.weight")
    tensor = next(name for name in wanted if name in names)
    app.params = replace(app.params, edits=(Edit(tensor=tensor, expression="1.8 + sin(t * 3)"),))


def begin_blend(app) -> None:
    """Scene: the edit goes, the first half of the groups moves to network B."""
    app.params = replace(app.params, edits=())
    show_tab("Blend")


def play_blend(app, progress: float) -> None:
    """Move the groups' amounts from 0 to 1."""
    groups = [group.name for group in app.status.picture.blend_groups if group.is_blendable]
    amounts = dict.fromkeys(groups[: len(groups) // 2 + 1], round(progress, 3))
    app.params = replace(app.params, blend=replace(app.params.blend, amounts=amounts))


def show_tab(name: str) -> None:
    """Bring a panel to the front."""
    from imgui_bundle import imgui

    imgui.set_window_focus(name)


SCENES = (
    (2.0, lambda app: show_tab("Latents"), None),
    (2.5, begin_layers, None),
    (2.5, begin_edit, None),
    (3.0, begin_blend, play_blend),
)
"""Seconds, what happens at the start, and what goes on (told 0..1 of the scene)."""


if __name__ == "__main__":
    sys.exit(main())
