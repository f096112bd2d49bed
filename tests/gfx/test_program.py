import numpy as np
import pytest
from OpenGL import GL

from sgview.gfx import calls, program
from sgview.gfx.program import Program, ShaderError
from sgview.gfx.window import Window

pytestmark = pytest.mark.gl

VERTEX = "#version 410 core\nvoid main() { gl_Position = vec4(0.0); }\n"
FRAGMENT = "#version 410 core\nout vec4 colour;\nvoid main() { colour = vec4(1.0); }\n"


def sources(monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
    monkeypatch.setattr(program, "shader", lambda name: files[name])


@pytest.mark.parametrize("fragment", ["image.frag", "image_shrunk.frag"])
def test_the_shaders_that_travel_with_the_package_compile(context: Window, fragment: str) -> None:
    with Program("image.vert", fragment) as linked:
        linked.use()
        assert linked.uniform("u_rect") >= 0
        assert linked.uniform("u_picture") >= 0
        assert linked.uniform("u_nothing") == -1
        GL.glUseProgram(0)


def test_a_uniform_is_set_where_it_changes(
    context: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Program("image.vert", "image.frag") as linked:
        linked.use()
        told = []
        real = calls.uniform_float4
        monkeypatch.setattr(calls, "uniform_float4", lambda *v: (told.append(v[1:]), real(*v)))
        one, other = (-1.0, 1.0, 1.0, -1.0), (-0.5, 0.5, 0.5, -0.5)
        for corners in (one, one, other, one):
            linked.set_float4("u_rect", corners)
            kept = np.zeros(4, np.float32)
            GL.glGetUniformfv(linked._id, linked.uniform("u_rect"), kept)
            assert tuple(kept) == corners
        assert told == [one, other, one]
        GL.glUseProgram(0)


def test_compile_error_names_the_file_and_holds_the_log(
    context: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources(monkeypatch, good=VERTEX, bad="#version 410 core\nvoid main() { colour = nonsense; }\n")
    with pytest.raises(ShaderError, match=r"^bad does not compile:\n(.|\n)*(colour|nonsense)"):
        Program("good", "bad")


def test_link_error_names_the_files(context: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    gives = VERTEX.replace("void main() {", "out vec4 v_x;\nvoid main() { v_x = vec4(1.0);")
    wants = FRAGMENT.replace("out vec4", "in vec3 v_x;\nout vec4")
    wants = wants.replace("vec4(1.0)", "vec4(v_x, 1.0)")
    sources(monkeypatch, vert=gives, frag=wants)
    with pytest.raises(ShaderError, match=r"^vert \+ frag do not link:\n"):
        Program("vert", "frag")
