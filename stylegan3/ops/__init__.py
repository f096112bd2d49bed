"""The papers' operations in plain torch, on any device: what everything faster is compared with.

`bias_act`, `upfirdn2d`, `filtered_lrelu` and `modulated_conv2d` are each a typed wrapper, which
checks shapes, and a plain reference `NAME_ref`, which is the specification. `depthwise` and
`resample` are the quick forms of filtering that the wrappers choose from, `filters` designs what
checkpoints store, `memo` remembers what was derived from tensors that change rarely.
"""

from typing import Literal

Impl = Literal["auto", "ref"]
"""What operations that filter or convolve compute with: "ref" is the reference, on any device,
"auto" the quickest form in torch for the tensor at hand."""
