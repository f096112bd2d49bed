"""What is known of a checkpoint, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sgview.state.class_names import read_class_names

if TYPE_CHECKING:
    from stylegan3.checkpoints import Checkpoint


def describe(path: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything that is known about a checkpoint, as plain JSON values."""
    from stylegan3 import Generator

    generator = Generator.without_numbers(checkpoint.config)
    class_names, problem = read_class_names(path, generator.c_dim)
    state = checkpoint.state_dict
    parameters = {name for name, _ in generator.named_parameters()}
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "family": checkpoint.family,
        "format": checkpoint.source_format,
        "img_width": generator.img_width,
        "img_height": generator.img_height,
        "num_ws": generator.num_ws,
        "num_parameters": sum(t.numel() for name, t in state.items() if name in parameters),
        "num_buffer_values": sum(t.numel() for name, t in state.items() if name not in parameters),
        "notes": [*checkpoint.notes, *([problem] if problem else [])],
        "class_names": list(class_names),
        "training": checkpoint.training,
        "config": checkpoint.config.to_dict(),
        "layers": [asdict(layer) for layer in generator.synthesis.layers],
        "tensors": [
            {
                "name": name,
                "shape": list(tensor.shape),
                "dtype": str(tensor.dtype).removeprefix("torch."),
                "kind": "parameter" if name in parameters else "buffer",
            }
            for name, tensor in state.items()
        ],
    }
