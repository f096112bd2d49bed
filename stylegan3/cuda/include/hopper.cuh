// Device primitives as inline PTX, of Hopper alone (sm_90a): barriers in shared memory, tensor
// copies and what goes with warpgroup matrix instructions. Those instructions themselves name all
// their registers, so their text is generated for a tile width: `wgmma_source.py`.
//
// Addresses of shared memory are the 32-bit ones of `shared_start`.
#pragma once

// What the driver's cuTensorMapEncodeTiled made; passed to kernels by value.
struct alignas(64) TensorMap { u64 opaque[16]; };

// ---- barriers ----------------------------------------------------------------------------------

// Makes new barriers known to the copy engine.
DEVICE void barrier_init_done() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
// Arrives, and announces bytes that copies will write in this phase.
DEVICE void barrier_expect(u32 at, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
               :: "r"(at), "r"(bytes) : "memory");
}

// ---- tensor copies -----------------------------------------------------------------------------
// Copies the map's box at (x, y, z), x counted in elements; what lies outside the tensor is zero.

DEVICE void copy_tensor(u32 to, const TensorMap* map, int x, int y, int z, u32 barrier) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes"
      " [%0], [%1, {%3, %4, %5}], [%2];"
      :: "r"(to), "l"(map), "r"(barrier), "r"(x), "r"(y), "r"(z) : "memory");
}
// ---- warpgroup matrix instructions -------------------------------------------------------------

// An operand in shared memory, rows of 128 bytes with the 128-byte swizzle, in groups of 8 rows
// `stride` bytes apart. The hardware swizzles final addresses (bits 4-6 by bits 7-9), so it may
// start at any row of a swizzled array, and any multiple of 32 bytes in it. Addresses are in units
// of 16 bytes: so moving along costs one addition, where more would keep small products waiting.
DEVICE u32 operand_start(u32 at) { return at >> 4 | 1 << 16; }
DEVICE u64 operand(u32 start, u32 stride) {
  return (u64)(stride >> 4 | 1 << 30) << 32 | start;
}
DEVICE void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
// Waits until at most `PENDING` of the warpgroup's latest groups are unfinished.
template <int PENDING> DEVICE void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(PENDING) : "memory");
}

// ---- warpgroups --------------------------------------------------------------------------------

// Tells the compiler that all lanes of a warp have the same value, which then may live in a uniform
// register, where operands of matrix instructions must be.
DEVICE int uniform(int value) { return __shfl_sync(0xffffffffu, value, 0); }

// Registers of each thread of the calling warpgroup from now on.
template <int COUNT> DEVICE void release_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" :: "n"(COUNT));
}
template <int COUNT> DEVICE void claim_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" :: "n"(COUNT));
}
// Whether `value` is true in any thread of the calling warpgroup, the `index`th of its kind: all of
// them wait for one another.
DEVICE bool warpgroup_any(int index, bool value) {
  u32 any;
  asm volatile(
      "{ .reg .pred p, q; setp.ne.u32 p, %1, 0; barrier.cta.red.or.pred q, %2, 128, p;\n"
      "  selp.u32 %0, 1, 0, q; }" : "=r"(any) : "r"((u32)value), "r"(index + 1) : "memory");
  return any;
}
// end of primitives
