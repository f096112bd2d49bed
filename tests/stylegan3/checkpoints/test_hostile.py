"""Files made to do harm: refused in one sentence, nothing executed, memory and time bounded."""

import builtins
import os
import pickle
import resource
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
import torch

from stylegan3.checkpoints import CheckpointError, read

CALLS = {
    "os.system": (os.system, "touch {canary}"),
    "builtins.eval": (eval, "open({canary!r}, 'w').close()"),
    "builtins.exec": (exec, "open({canary!r}, 'w').close()"),
    "builtins.open": (builtins.open, "{canary}"),
    "subprocess.Popen": (subprocess.Popen, "touch {canary}"),
    "os.mkdir": (os.mkdir, "{canary}"),
}


class Attack:
    def __init__(self, function, *args):
        self.reduction = (function, args)

    def __reduce__(self):
        return self.reduction


@pytest.fixture
def attack(tmp_path, forge):
    """Write a file, check that it is refused and that its canary was not made."""

    def attack(data: bytes, name: str = "hostile.pkl") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        started = time.process_time()  # other programs do not count
        cause = forge.refused(path)
        assert time.process_time() - started < 20
        assert not (tmp_path / "canary").exists(), "code from the file was run"
        return cause

    return attack


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", CALLS)
def test_calls_are_not_made(attack, tmp_path, name, protocol):
    function, argument = CALLS[name]
    argument = argument.format(canary=str(tmp_path / "canary"))
    data = pickle.dumps({"G_ema": Attack(function, argument)}, protocol)
    cause = attack(data)
    assert f".{name.partition('.')[2]}," in cause  # its module is spelt in several ways
    assert cause.endswith("nothing in it was run")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "getattr"),
        ("builtins", "__import__"),
        ("__builtin__", "execfile"),
        ("builtins", "compile"),
        ("operator", "attrgetter"),
        ("functools", "reduce"),
        ("importlib", "import_module"),
        ("runpy", "run_path"),
        ("ctypes", "CDLL"),
        ("pickle", "loads"),
        ("_pickle", "loads"),
        ("shutil", "rmtree"),
        ("socket", "create_connection"),
        ("webbrowser", "open"),
        ("code", "interact"),
        ("pathlib", "Path.unlink"),
        ("collections", "OrderedDict.__class__"),
        ("torch", "load"),
        ("torch.serialization", "load"),
        ("torch.jit", "load"),
        ("torch.hub", "load"),
        ("torch.utils.cpp_extension", "load_inline"),
        ("numpy", "load"),
        ("numpy.testing._private.utils", "runstring"),
        ("pip", "main"),
        ("pip._internal", "main"),
        ("setuptools", "setup"),
        ("dill", "loads"),
        ("types", "CodeType"),
    ],
)
def test_names_that_no_checkpoint_needs(attack, forge, module, name):
    for protocol in (2, 4):
        data = forge.dump([forge.Call(forge.Name(module, name), ("x",))], protocol)
        assert f"{module}.{name}" in attack(data)


def test_a_hostile_call_beside_a_good_network_is_refused(attack, forge, small3, tmp_path):
    good = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    bad = forge.Call(forge.Name("os", "system"), (f"touch {tmp_path / 'canary'}",))
    assert "os.system" in attack(forge.dump({"G_ema": good, "D": bad}))
    assert "os.system" in attack(forge.dump({"D": bad, "G_ema": good}))


def test_embedded_source_is_never_run(forge, small3, tmp_path):
    """`persistent` embeds source that ends the program."""
    path = tmp_path / "a.pkl"
    path.write_bytes(
        forge.dump({"G_ema": forge.persistent(small3, forge.sg3_kwargs(small3.config))})
    )
    before = set(sys.modules)
    read(path)
    assert not [name for name in set(sys.modules) - before if "torch_utils" in name]


@pytest.mark.parametrize("opcode", [b"R", b"\x81"])
def test_setstate_and_dictionary_pollution(attack, forge, opcode):
    """State with names of special methods lands in an inert record and goes nowhere."""
    name = forge.Name("training.networks", "Generator")
    for state in (
        {"__class__": "x", "__reduce__": "y", "__setstate__": "z"},
        {"__dict__": {"state": 1}, "cls": 2, "args": 3},
        (None, {"cls": forge.Name("some", "thing")}),
        ["not", "a", "dictionary"],
        7,
    ):
        assert "no StyleGAN generator" in attack(
            forge.dump({"G_ema": forge.Call(name, (), state, opcode)})
        )


def test_torch_load_nested_in_a_storage(attack, forge, small3, tmp_path):
    """`_load_from_bytes` gets a pickle of its own: that one is read by the same machine."""
    inner = pickle.dumps(Attack(os.system, f"touch {tmp_path / 'canary'}"), 2)
    load = forge.Name("torch.storage", "_load_from_bytes")
    for payload in (inner * 3, torch_save_legacy(inner), b"PK\x03\x04" + bytes(100), bytes(200)):
        storage = forge.Call(load, (payload,))
        assert attack(with_weight(forge, small3, storage))


def test_storages_nested_in_storages(attack, forge, small3):
    load = forge.Name("torch.storage", "_load_from_bytes")
    payload = bytes(100)
    for _ in range(50):
        payload = torch_save_legacy(forge.dump(forge.Call(load, (payload,)), 4))
    cause = attack(with_weight(forge, small3, forge.Call(load, (payload,))))
    assert "no torch storage" in cause


def torch_save_legacy(value: bytes) -> bytes:
    """A stream of `torch.save` around a pickled value."""
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    head = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, info))
    return head + value + pickle.dumps([], 2)


def with_weight(forge, small3, storage, offset=0, shape=(8, 8), stride=(8, 1)) -> bytes:
    """A network whose first mapping weight is made from `storage`."""
    tensor = forge.Call(
        forge.Name("torch._utils", "_rebuild_tensor_v2"),
        (storage, offset, shape, stride, False, {}),
    )
    module = forge.persistent(small3, forge.sg3_kwargs(small3.config))
    below = module.args[0]["state"]["_modules"]["mapping"].args[0]["state"]
    below["_modules"]["fc0"].args[0]["state"]["_parameters"]["weight"] = tensor
    return forge.dump({"G_ema": module})


@pytest.mark.parametrize(
    ("offset", "shape", "stride", "words"),
    [
        (0, (8, 8), (8, 2), "claims the shape"),
        (0, (8, 8), (1 << 40, 1), "claims the shape"),
        (1, (8, 8), (8, 1), "claims the shape"),
        (1 << 60, (8, 8), (8, 1), "impossible"),
        (-1, (8, 8), (8, 1), "impossible"),
        (0, (8, -8), (8, 1), "impossible"),
        (0, (8, 8), (8, -1), "impossible"),
        (0, (8, 8), (8,), "impossible"),
        (0, (8.0, 8), (8, 1), "impossible"),
        (0, (8,) * 20, (1,) * 20, "impossible"),
        (0, (1 << 40, 1 << 40), (8, 1), "misshapen"),
        (0, (1 << 20, 1 << 20), (0, 0), "misshapen"),
        (0, [8, 8], (8, 1), "no shape"),
    ],
)
def test_claimed_shapes_are_checked(attack, forge, small3, offset, shape, stride, words):
    storage = torch.zeros(64).untyped_storage()
    typed = torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.float32, _internal=True)
    assert words in attack(with_weight(forge, small3, typed, offset, shape, stride))


def test_a_small_file_cannot_claim_a_large_network(attack, forge):
    """Shapes, strides of 0 and configuration agree; only the data are not there."""
    config = {"z_dim": 60000, "w_dim": 60000, "img_resolution": 16, "num_layers": 4}
    one = torch.zeros(1)

    def module(**below):
        tensors = {k: v for k, v in below.items() if isinstance(v, torch.Tensor)}
        state = {"_parameters": tensors, "_buffers": {}}
        state["_modules"] = {k: v for k, v in below.items() if k not in tensors}
        return forge.Call(forge.Name("x", "Generator"), (), state, b"\x81")

    network = module(
        mapping=module(fc0=module(weight=one.expand(60000, 60000), bias=one.expand(60000))),
        synthesis=module(L0_36_8=module(weight=one.expand(8, 8, 3, 3))),
    )
    network.state["_init_kwargs"] = config | {"mapping_kwargs": {"num_layers": 1}}
    tracemalloc.start()
    cause = attack(forge.dump({"G_ema": network}))
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    assert "missing" in cause


def test_expanded_tensors_stay_within_the_budget(forge, small2, tmp_path, attack):
    module = forge.persistent(small2, forge.sg2_kwargs(small2.config))
    # Every tensor is one number, read over and over: a small file, a large network.
    config = {"channel_base": 1 << 15, "channel_max": 512, "conv_clamp": 256, "num_fp16_res": 4}
    from stylegan3 import Generator, StyleGAN2Config

    with torch.device("meta"):
        large = Generator(StyleGAN2Config(img_resolution=256, z_dim=512, w_dim=512))
    one = torch.zeros([])
    for part in large.modules():
        for key, value in part._parameters.items():
            part._parameters[key] = torch.nn.Parameter(one.expand(value.shape))
        for key, value in part._buffers.items():
            part._buffers[key] = one.expand(value.shape)

    def keep(part):
        return {k: v for k, v in part.items() if v is not None}

    def close(part):
        state = {"_parameters": keep(part._parameters), "_buffers": keep(part._buffers)}
        state["_modules"] = {k: close(m) for k, m in part._modules.items()}
        return forge.Call(forge.Name("x", "Generator"), (), state, b"\x81")

    module = close(large)
    module.state["_init_kwargs"] = forge.sg2_kwargs(large.config, **config)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cause = attack(forge.dump({"G_ema": module}))
    assert "more data than the file holds" in cause
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # [KiB]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("sg3", "img_resolution", 2**40),
        ("sg3", "num_layers", 10**9),
        ("sg3", "num_layers", 0),
        ("sg3", "num_layers", -5),
        ("sg3", "num_layers", "14"),
        ("sg3", "num_critical", 10**9),
        ("sg3", "filter_size", 10**8),
        ("sg3", "lrelu_upsampling", 10**8),
        ("sg3", "conv_kernel", 10**6),
        ("sg3", "margin_size", 10**9),
        ("sg3", "channel_base", float("nan")),
        ("sg3", "channel_base", 10**100),
        ("sg3", "first_cutoff", float("nan")),
        ("sg3", "first_cutoff", float("inf")),
        ("sg3", "first_cutoff", 0),
        ("sg3", "last_stopband_rel", float("-inf")),
        ("sg3", "output_scale", float("nan")),
        ("sg3", "conv_clamp", float("nan")),
        ("sg3", "z_dim", 2**70),
        ("sg3", "z_dim", None),
        ("sg3", "mapping_kwargs", "text"),
        ("sg3", "mapping_kwargs", {"num_layers": 10**9}),
        ("sg3", "mapping_kwargs", {"num_layers": [1]}),
        ("sg2", "img_resolution", 48),
        ("sg2", "img_resolution", 2**40),
        ("sg2", "img_resolution", float("nan")),
        ("sg2", "synthesis_kwargs", {"architecture": "spiral"}),
        ("sg2", "synthesis_kwargs", {"architecture": ["skip"]}),
        ("sg2", "synthesis_kwargs", {"channel_max": 0}),
        ("sg2", "synthesis_kwargs", {"resample_filter": [1] * 10_000}),
        ("sg2", "synthesis_kwargs", {"resample_filter": [float("nan")]}),
        ("sg2", "synthesis_kwargs", {"resample_filter": ["a"]}),
        ("sg2", "c_dim", -1),
        ("sg2", "c_dim", 10**12),
    ],
)
def test_absurd_configurations(attack, forge, small2, small3, kind, name, value):
    generator, kwargs = (
        (small3, forge.sg3_kwargs(small3.config))
        if kind == "sg3"
        else (small2, forge.sg2_kwargs(small2.config))
    )
    cause = attack(forge.dump({"G_ema": forge.persistent(generator, kwargs | {name: value})}))
    assert "configuration" in cause


def test_modules_that_contain_themselves(attack, forge):
    name = forge.Name("training.networks", "Generator")
    module = forge.Call(name, (), {"_parameters": {}, "_buffers": {}, "_modules": {}}, b"\x81")
    module.state["_modules"]["again"] = module
    assert "nested more deeply" in attack(forge.dump({"G_ema": module}))


def test_modules_in_many_places_at_once(attack, forge):
    """Each level holds the next twice: 2**30 paths lead to the last."""
    name = forge.Name("training.networks", "Generator")
    module = None
    for _ in range(30):
        below = {} if module is None else {"a": module, "b": module}
        module = forge.Call(name, (), {"_parameters": {}, "_modules": below}, b"\x81")
    assert "nested more deeply" in attack(forge.dump({"G_ema": module}))


def test_names_that_differ_late(attack, forge):
    """Names that look the same when they are cut short must not hide how much work there is."""
    name = forge.Name("training.networks", "Generator")
    module = None
    for _ in range(30):
        below = {} if module is None else {"x" * 300 + end: module for end in "ab"}
        below |= {} if module is None else {"c": module, "d": module}
        module = forge.Call(name, (), {"_parameters": {}, "_modules": below}, b"\x81")
    assert "nested more deeply" in attack(forge.dump({"G_ema": module}))


def test_tables_in_many_places_at_once(attack, forge):
    name = forge.Name("training.networks", "Generator")
    table = {f"p{i}": None for i in range(20_000)}
    leaf = forge.Call(name, (), {"_parameters": table, "_modules": {}}, b"\x81")
    below = {f"m{i}": leaf for i in range(4_000)}
    module = forge.Call(name, (), {"_parameters": {}, "_modules": below}, b"\x81")
    assert "nested more deeply" in attack(forge.dump({"G_ema": module}))


def test_tensorflow_networks_in_many_places_at_once(attack, forge):
    name, network = forge.Name("dnnlib.tflib.network", "Network"), None
    for _ in range(8):
        components = {} if network is None else {f"c{i}": network for i in range(50)}
        state = {"version": 4, "name": "Gs", "components": components, "variables": []}
        network = forge.Call(name, (), state, b"\x81")
    assert "nested more deeply" in attack(forge.dump(network))


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[2Jb", "a\u202eb"])
def test_terminals_are_safe_from_names(attack, forge, text):
    for value in (
        [forge.Name("os", text)],
        {"G_ema": {text + ".weight": torch.zeros(1)}},
        {"state_dict": forge.Call(forge.Name("some", text))},
    ):
        assert attack(forge.dump(value)).isprintable()


def test_names_that_are_no_text(attack):
    assert attack(b"\x80\x02Vos\nVa\\ud800b\n\x93.") == (
        "it refers to os.a?b, which has no place in a checkpoint; nothing in it was run"
    )


def test_arrays_that_claim_much(attack, forge):
    state = (1, (1 << 30, 1 << 10), np.dtype("f4"), False, bytes(100))
    array = forge.Call(
        forge.Name("numpy._core.multiarray", "_reconstruct"),
        (forge.Name("numpy", "ndarray"), (0,), b"b"),
        state,
    )
    assert "claims the shape" in attack(forge.dump({"G_ema": array}))


def test_the_error_survives_pickling(forge, tmp_path):
    """Errors cross threads and processes."""
    with pytest.raises(CheckpointError) as caught:
        read(tmp_path / "none.pkl")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
