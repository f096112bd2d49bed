"""A linked GLSL program."""

from __future__ import annotations

from typing import Any

from OpenGL import GL

from sgview.closing import Closing
from sgview.gfx import calls
from sgview.resources import shader


class ShaderError(RuntimeError):
    """A shader that did not compile or link; the message holds the driver's log."""


class Program(Closing):
    """A vertex and a fragment shader from `shaders/`, compiled and linked.

    Args:
        vertex: file name, e.g. "image.vert".
        fragment: file name, e.g. "image.frag".

    Raises:
        ShaderError: with the name of the file and the driver's log.
    """

    def __init__(self, vertex: str, fragment: str) -> None:
        stages = [
            _compile(GL.GL_VERTEX_SHADER, shader(vertex), vertex),
            _compile(GL.GL_FRAGMENT_SHADER, shader(fragment), fragment),
        ]
        self._id = _link(stages, f"{vertex} + {fragment}")
        self._locations: dict[str, int] = {}
        self._values: dict[str, tuple[float, float, float, float]] = {}  # that were set last

    def use(self) -> None:
        """Make this the current program."""
        calls.use_program(self._id)

    def uniform(self, name: str) -> int:
        """Return the location of a uniform; -1 if the program does not use it."""
        if name not in self._locations:
            self._locations[name] = GL.glGetUniformLocation(self._id, name)
        return self._locations[name]

    def set_float4(self, name: str, values: tuple[float, float, float, float]) -> None:
        """Set a uniform of this program, which is current and keeps it: nothing if it is so."""
        if self._values.get(name) != values:
            calls.uniform_float4(self.uniform(name), *values)
            self._values[name] = values

    def close(self) -> None:
        """Delete the program; the context must be current."""
        if self._id:
            GL.glDeleteProgram(self._id)
            self._id = 0


def _compile(kind: int, source: str, name: str) -> int:
    stage: Any = GL.glCreateShader(kind)
    GL.glShaderSource(stage, source)
    GL.glCompileShader(stage)
    if not GL.glGetShaderiv(stage, GL.GL_COMPILE_STATUS):
        log = _text(GL.glGetShaderInfoLog(stage))
        GL.glDeleteShader(stage)
        raise ShaderError(f"{name} does not compile:\n{log}")
    return int(stage)


def _link(stages: list[int], name: str) -> int:
    program: Any = GL.glCreateProgram()
    for stage in stages:
        GL.glAttachShader(program, stage)
    GL.glLinkProgram(program)
    for stage in stages:
        GL.glDetachShader(program, stage)
        GL.glDeleteShader(stage)
    if not GL.glGetProgramiv(program, GL.GL_LINK_STATUS):
        log = _text(GL.glGetProgramInfoLog(program))
        GL.glDeleteProgram(program)
        raise ShaderError(f"{name} do not link:\n{log}")
    return int(program)


def _text(log: bytes | str) -> str:
    return log.decode(errors="replace") if isinstance(log, bytes) else log
