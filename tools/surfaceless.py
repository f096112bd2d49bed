"""An OpenGL 4.1 core context on a graphics card, without a window or a display: EGL on the device.

For machines with a card and no screen. Wants PYOPENGL_PLATFORM=egl set before OpenGL is imported.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from OpenGL.raw.EGL import _errors

if not hasattr(_errors, "_error_checker"):  # PyOpenGL forgets it where errors are not checked
    _errors._error_checker = None

from OpenGL import EGL
from OpenGL.EGL.EXT.device_base import eglQueryDevicesEXT
from OpenGL.EGL.EXT.platform_base import eglGetPlatformDisplayEXT
from OpenGL.EGL.EXT.platform_device import EGL_PLATFORM_DEVICE_EXT


@contextmanager
def surfaceless_context() -> Iterator[None]:
    """Make a context current on the first device that gives one.

    Raises:
        RuntimeError: if none does.
    """
    devices = (EGL.EGLDeviceEXT * 16)()
    count = EGL.EGLint()
    eglQueryDevicesEXT(16, devices, count)
    for device in devices[: count.value]:
        display = eglGetPlatformDisplayEXT(EGL_PLATFORM_DEVICE_EXT, device, None)
        if display and EGL.eglInitialize(display, None, None):
            break
    else:
        raise RuntimeError(f"none of {count.value} EGL devices can be initialised")
    EGL.eglBindAPI(EGL.EGL_OPENGL_API)
    wanted = [EGL.EGL_RENDERABLE_TYPE, EGL.EGL_OPENGL_BIT, EGL.EGL_SURFACE_TYPE, 0, EGL.EGL_NONE]
    configs, found = (EGL.EGLConfig * 1)(), EGL.EGLint()
    EGL.eglChooseConfig(display, wanted, configs, 1, found)
    version = [
        *(EGL.EGL_CONTEXT_MAJOR_VERSION, 4, EGL.EGL_CONTEXT_MINOR_VERSION, 1),
        *(EGL.EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL.EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT),
        EGL.EGL_NONE,
    ]
    context = EGL.eglCreateContext(display, configs[0], EGL.EGL_NO_CONTEXT, version)
    EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, context)
    try:
        yield
    finally:
        EGL.eglMakeCurrent(display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, EGL.EGL_NO_CONTEXT)
        EGL.eglDestroyContext(display, context)
        EGL.eglTerminate(display)
