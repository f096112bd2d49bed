import pytest
import torch

from sgview.gfx.display import Display
from sgview.gfx.interop import DeviceImage
from sgview.gfx.window import Window

pytestmark = [pytest.mark.gl, pytest.mark.cuda]


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1024, 1024), (64, 64)])
def test_cuda_picture_arrives_byte_for_byte_without_the_host(
    context: Window, size: tuple[int, int]
) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA")
    pytest.importorskip("cuda.bindings.runtime")
    stream = torch.cuda.Stream()
    with Display() as display:
        for seed in range(3):
            with torch.cuda.stream(stream):
                torch.manual_seed(seed)
                pixels = torch.randint(0, 256, (*size, 4), dtype=torch.uint8, device="cuda")
                ready = torch.cuda.Event()
                ready.record(stream)
            display.show(
                DeviceImage(
                    pixels.data_ptr(), size[1], size[0],
                    download=lambda: pytest.fail("went through the host"),
                    owner=pixels, ready=ready.cuda_event,
                )
            )  # fmt: skip
            assert (display.read() == pixels.cpu().numpy()).all()
