"""The text of Hopper's matrix instruction, which depends on the width of its tile."""

from __future__ import annotations


def wgmma_source(n_tile: int, in_registers: bool) -> str:
    """Return `wgmma`, sums += a b for 64 pixels, 16 input and `n_tile` output channels.

    The instruction names its n_tile / 2 registers of sums one by one. Pixels come from four
    registers or, as the weights always do, by the operand descriptor of `hopper.cuh`.
    """
    count = n_tile // 2
    sums = ", ".join(f"%{i}" for i in range(count))
    outputs = ", ".join(f'"+f"(sums[{i}])' for i in range(count))
    pixels = [f"%{count + i}" for i in range(4 if in_registers else 1)]
    a = "{" + ", ".join(pixels) + "}" if in_registers else pixels[0]
    inputs = ", ".join(f'"r"(a[{i}])' for i in range(4)) if in_registers else '"l"(a)'
    parameter = "const unsigned int (&a)[4]" if in_registers else "unsigned long long a"
    b, has_sums = f"%{count + len(pixels)}", f"%{count + len(pixels) + 1}"
    transposed = "0" if in_registers else "0, 0"
    return f"""\
// Device primitives as inline PTX: generated.
static __device__ __forceinline__ void wgmma(
    float (&sums)[{count}], {parameter}, unsigned long long b, bool has_sums) {{
  asm volatile("{{ .reg .pred p; setp.ne.b32 p, {has_sums}, 0;\\n"
    "wgmma.mma_async.sync.aligned.m64n{n_tile}k16.f32.f16.f16 {{{sums}}}, {a}, {b}, p, 1, 1,"
    " {transposed}; }}" : {outputs} : {inputs}, "l"(b), "r"((int)has_sums));
}}
// end of primitives
"""
