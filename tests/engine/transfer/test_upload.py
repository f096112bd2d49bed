"""Tables on their way to the device leave from memory that nobody writes meanwhile."""

import numpy as np
import pytest
import torch

from sgview.engine.transfer import upload as upload_module
from sgview.engine.transfer.upload import Upload


class Sent:
    """An event of a device that has taken a table when the test says so."""

    def __init__(self) -> None:
        self.is_done = False

    def record(self) -> None:
        self.is_done = False

    def query(self) -> bool:
        return self.is_done


def test_tables_arrive_and_may_change_afterwards(device) -> None:
    to = torch.zeros(3, 4, device=device)
    upload, values = Upload(to), np.zeros((3, 4), np.float32)
    for number in range(5):
        values[...] = number
        upload.send(values)
        kept = to.clone()
        values[...] = -1.0
        assert (kept.cpu() == number).all()


def test_memory_under_way_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[upload_module._Buffer] = []

    class Buffer(upload_module._Buffer):
        def __init__(self, like: torch.Tensor) -> None:
            super().__init__(like)
            self.sent = Sent()  # type: ignore[assignment]
            self.sent.is_done = True
            made.append(self)

    monkeypatch.setattr(upload_module, "_Buffer", Buffer)
    upload = Upload(torch.zeros(1))

    def send(number: float) -> None:
        upload.send(np.array([number], np.float32))

    for number in range(3):  # nothing arrives: each has a place of its own
        send(float(number))
    assert sorted(place.values[0] for place in made) == [0.0, 1.0, 2.0]
    for place in made:
        place.sent.is_done = True
    for number in range(3, 6):
        send(float(number))
    assert len(made) == 3
    assert sorted(place.values[0] for place in made) == [3.0, 4.0, 5.0]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_a_busy_device_still_gets_every_table(never_waiting) -> None:
    to = torch.zeros(1000, device="cuda")
    upload, taken = Upload(to), []
    torch.cuda._sleep(200_000_000)
    with never_waiting():
        for number in range(20):
            upload.send(np.full(1000, number, np.float32))
            taken.append(to.clone())
    assert all(bool((table == number).all()) for number, table in enumerate(taken))
