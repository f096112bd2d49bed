import pytest
import torch

from sgview.engine.transfer.download import Download


def test_download_on_the_cpu_is_immediate():
    download = Download()
    assert download.latest() is None
    write(download, "tag", torch.tensor([1.0, 2.0]))
    assert read(download) == ("tag", [1.0, 2.0])
    write(download, "longer", torch.tensor([3.0, 4.0, 5.0]))
    assert read(download) == ("longer", [3.0, 4.0, 5.0])


class Ready:
    """An event of a device that is done when the test says so."""

    is_done = False

    def query(self) -> bool:
        return self.is_done

    def synchronize(self) -> None:
        self.is_done = True


def test_a_vector_is_read_when_it_arrived_and_its_memory_only_then_used_again():
    download, first, second = Download(), Ready(), Ready()
    vector = write(download, "first", torch.tensor([1.0]), first)
    other = write(download, "second", torch.tensor([2.0]), second)
    assert download.latest() is None and other.memory.data_ptr() != vector.memory.data_ptr()
    first.is_done = True
    assert read(download) == ("first", [1.0])
    values = download.latest()[1]
    assert write(download, "third", torch.tensor([3.0]), Ready()) is vector
    assert values.tolist() == [1.0]  # what was read does not change any more
    second.is_done = True
    assert read(download) == ("second", [2.0])


def test_where_nobody_waits_for_pictures_no_more_than_a_few_vectors_are_under_way():
    download, ready, cpu = Download(), Ready(), torch.device("cpu")
    vectors = [write(download, n, torch.ones(1), ready) for n in range(8)]
    assert download.vector(1, cpu) is None
    ready.is_done = True
    assert download.vector(1, cpu) in vectors
    assert read(download) == (7, [1.0])


def test_memory_that_a_failed_frame_may_still_write_is_not_given_away():
    download, cpu = Download(), torch.device("cpu")
    vector = download.vector(2, cpu)  # its frame fails
    assert download.vector(2, cpu) is vector


def test_closing_waits_for_what_is_still_written():
    download, ready = Download(), Ready()
    write(download, "tag", torch.ones(1), ready)
    download.close()
    assert ready.is_done


def write(download, tag, values, ready=None):
    """Download `values` as a frame does, and return the memory that they go to."""
    vector = download.vector(len(values), values.device)
    vector.memory.copy_(values, non_blocking=True)
    if isinstance(ready, torch.cuda.Event):
        ready.record()
    download.expect(vector, tag, ready)
    return vector


def read(download):
    tag, values = download.latest()
    return tag, values.tolist()


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_download_on_cuda_arrives_without_waiting(never_waiting):
    download = Download()
    with never_waiting():
        values = torch.arange(3, device="cuda", dtype=torch.float32)
        torch.cuda._sleep(2_000_000_000)
        write(download, "first", values, torch.cuda.Event(blocking=True))
        assert download.latest() is None
    torch.cuda.synchronize()
    assert read(download) == ("first", [0.0, 1.0, 2.0])
