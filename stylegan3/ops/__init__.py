"""The papers' operations in plain torch, on any device: what everything faster is compared with.

`bias_act`, `upfirdn2d`, `filtered_lrelu` and `modulated_conv2d` are each a typed wrapper, which
checks shapes, and a plain reference `NAME_ref`, which is the specification; `modulated_layer` is
several of them in one. The wrappers choose from quick forms: `depthwise` and `resample` filter,
`modulated_cpu` and `winograd` convolve on a processor. `filters` designs what checkpoints store,
`memo` remembers what was derived from tensors that change rarely.
"""

from typing import Literal

Impl = Literal["auto", "ref"]
"""What operations that filter or convolve compute with: "ref" is the reference, on any device,
"auto" the quickest form in torch for the tensor at hand."""
