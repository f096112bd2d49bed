"""Window, OpenGL programs and textures, and the way from a picture to the screen.

Knows nothing of networks, parameters or the panel.
"""

from sgview.gfx import errors as errors  # decides how OpenGL tells them: first of all
