"""Operations of the generators: a typed wrapper `NAME` and a plain reference `NAME_ref` for each.

`impl="ref"` takes the reference, on any device; "auto" the fastest form in torch for the tensor at
hand. Modules called `NAME_cuda` hold compiled kernels, which are launched on prepared buffers.
"""

from typing import Literal

Impl = Literal["auto", "ref"]
