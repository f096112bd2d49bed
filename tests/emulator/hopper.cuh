// The device primitives of stylegan3/cuda/include/hopper.cuh for a CPU. Copies and products happen at
// once; what is checked is where data go, swizzle included, and that every wait ends.

typedef unsigned long long u64;
#define __grid_constant__

namespace emulator {
static u32 swizzled(u32 at) { return at ^ ((at >> 7 & 7) << 4); }
static float half_at(u32 at) {
  check_shared(at, 2);
  u16 bits;
  memcpy(&bits, shared + at, 2);
  return half_value(bits);
}
// Element k of row `row` of an operand.
static float element(u64 operand, int row, int k) {
  if (operand >> 62 != 1) fprintf(stderr, "not the 128-byte swizzle\n"), abort();
  const u32 start = (u32)(operand & 0x3fff) << 4, stride = (u32)(operand >> 32 & 0x3fff) << 4;
  return half_at(swizzled(start + row / 8 * stride + row % 8 * 128 + k * 2));
}
struct Warpgroup { int arrived, generation; };
static Warpgroup warpgroups[MAX_THREADS / 128];
}  // namespace emulator

// Written by `tensor_map.encode`'s stand-in.
struct TensorMap {
  u64 base, sizes[3], strides[2];
  u32 box[3], unused[17];
};
static_assert(sizeof(TensorMap) == 128, "as the driver's");

DEVICE void barrier_init_done() {}
DEVICE void barrier_expect(u32 at, int bytes) {
  emulator::barrier_at(at)->bytes += bytes;
  barrier_arrive(at);
}
DEVICE void copy_tensor(u32 to, const TensorMap* map, int x, int y, int z, u32 barrier) {
  using namespace emulator;
  if (to % 1024 || map->box[0] != 64) fprintf(stderr, "a copy to %u\n", to), abort();
  const int at[3] = {x, y, z};
  u32 offset = to;
  for (u32 k = 0; k < map->box[2]; k++)
    for (u32 j = 0; j < map->box[1]; j++)
      for (u32 i = 0; i < 64; i++, offset += 2) {
        const i64 p[3] = {at[0] + (i64)i, at[1] + (i64)j, at[2] + (i64)k};
        bool inside = true;
        for (int d = 0; d < 3; d++) inside &= p[d] >= 0 && p[d] < (i64)map->sizes[d];
        u16 value = 0;
        const u64 from = map->base + p[0] * 2 + p[1] * map->strides[0] + p[2] * map->strides[1];
        if (inside) memcpy(&value, (const void*)from, 2);
        check_shared(offset, 2);
        memcpy(shared + swizzled(offset), &value, 2);
      }
  Barrier* b = barrier_at(barrier);
  b->bytes -= offset - to;
  settle(b);
}

DEVICE u32 operand_start(u32 at) { return at >> 4; }
DEVICE u64 operand(u32 start, u32 stride) {
  return (u64)(stride >> 4 | 1 << 30) << 32 | start;
}
DEVICE void wgmma_fence() {}
DEVICE void wgmma_commit() {}
// Nobody passes before all 128 threads have issued what came before.
template <int PENDING> DEVICE void wgmma_wait() {
  emulator::Warpgroup& group = emulator::warpgroups[emulator::current / 128];
  const int generation = group.generation;
  if (++group.arrived == 128) {
    group.arrived = 0;
    group.generation++;
  }
  while (group.generation == generation) emulator::yield();
}
template <int R>
DEVICE void multiply_rows(float (&sums)[R], const float (&a)[2][16], u64 b, bool has_sums) {
  const int t = emulator::current & 3;
  for (int i = 0; i < R; i++) {
    const int row = i / 4 * 8 + 2 * t + i % 2, half = i / 2 % 2;
    float sum = has_sums ? sums[i] : 0;
    for (int k = 0; k < 16; k++) sum += a[half][k] * emulator::element(b, row, k);
    sums[i] = sum;
  }
}
template <int R> DEVICE void wgmma(float (&sums)[R], u64 a, u64 b, bool has_sums) {
  const int lane = emulator::current & 31, warp = emulator::current >> 5 & 3;
  float rows[2][16];
  for (int half = 0; half < 2; half++)
    for (int k = 0; k < 16; k++)
      rows[half][k] = emulator::element(a, 16 * warp + 8 * half + lane / 4, k);
  multiply_rows(sums, rows, b, has_sums);
}
struct FragmentLane { const u32* a; float (*rows)[16]; };
template <int R> DEVICE void wgmma(float (&sums)[R], const u32 (&a)[4], u64 b, bool has_sums) {
  float rows[2][16];
  FragmentLane mine{a, rows};
  emulator::with_warp(&mine, [](void** lanes) {
    for (int lane = 0; lane < 32; lane++)
      for (int other = 0; other < 4; other++)
        for (int q = 0; q < 4; q++) {
          const u32 pair = ((FragmentLane*)lanes[lane / 4 * 4 + other])->a[q];
          float* row = ((FragmentLane*)lanes[lane])->rows[q & 1] + 8 * (q >> 1) + 2 * other;
          row[0] = emulator::low(pair);
          row[1] = emulator::high(pair);
        }
  });
  multiply_rows(sums, rows, b, has_sums);
}
template <int COUNT> DEVICE void release_registers() {}
template <int COUNT> DEVICE void claim_registers() {}
DEVICE int uniform(int value) { return value; }
namespace emulator {
struct Vote { int arrived, generation; bool any, result; };
static Vote votes[MAX_THREADS / 128];
}  // namespace emulator
DEVICE bool warpgroup_any(int index, bool value) {
  emulator::Vote& vote = emulator::votes[emulator::current / 128];
  const int generation = vote.generation;
  vote.any |= value;
  if (++vote.arrived == 128) {
    vote.result = vote.any;
    vote.any = false;
    vote.arrived = 0;
    vote.generation++;
  }
  while (vote.generation == generation) emulator::yield();
  return vote.result;
}
