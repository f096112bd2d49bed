// What all warps of `filtered_lrelu.cu` know: sizes, shared memory, and how warps hand over.
#pragma once
#include "primitives.cuh"

constexpr int FILTERING = 4, THREADS = 32 * (FILTERING + 2);
constexpr int GROUPS = UP / 2;                // groups of 16 oversampled rows per step
constexpr int STEP_ROWS = 8 * GROUPS;         // output rows that a step completes
constexpr int COLUMNS = UP == 2 ? 42 : 24;    // input pixels across that a strip needs
constexpr int TILES = UP == 2 ? 6 : 3;        // ... in tiles of 8; what lies beyond meets zero taps
constexpr u32 LEAK = 0x39563955u;             // 2 / 3 = (1 - 0.2) / (1 + 0.2), rounded down and up
constexpr u32 LARGE = 0x78cc78ccu;            // 39296: times 1 + LEAK still finite

// Shared memory [bytes]. A pixel is 32 bytes of 16 channels, its halves swapped in every second pair
// of rows (bank conflicts).
constexpr int ROW = COLUMNS * 32;               // a row of input
constexpr int SLOT = 8 * ROW;
constexpr int PAST_END = SLOTS * SLOT;          // zeros: tiles reach past the last row
constexpr int STAGING = PAST_END + 192;         // two steps' outputs
constexpr int OUT_ROW = 32 * 32;
constexpr int OUT_SLOT = STEP_ROWS * OUT_ROW;
constexpr int SAFE = STAGING + 2 * OUT_SLOT;    // [16] largest |x| with which no clamp acts
constexpr int LIMITS = SAFE + 32;               // [16] clamp, twice
constexpr int BIASES = LIMITS + 64;             // [16][UP] bias as UpV's rows leave it, four times
constexpr int BARRIERS = BIASES + 128 * UP;

DEVICE u32 swapped_half(int row) { return (row >> 1 & 1) << 4; }

// How warps hand over. Block b of 8 input rows lies in slot b % SLOTS. Step s filters blocks s and
// s + 1 into staging s % 2. When it is staged, its blocks have been read too, so that their slots
// are free; "step -1" is the reading of block 0.
struct Handover {
  u32 barriers;

  __device__ __forceinline__ void start(int filtering_warps) const {
    for (int i = 0; i < SLOTS; i++) barrier_init(loaded(i), 1);
    for (int i = 0; i < 2; i++) {
      barrier_init(staged(i), filtering_warps);
      barrier_init(drained(i), 1);
    }
  }
  __device__ __forceinline__ u32 loaded(int slot) const { return barriers + 8 * slot; }
  __device__ __forceinline__ u32 staged(int step) const {
    return barriers + 8 * (SLOTS + (step & 1));
  }
  __device__ __forceinline__ u32 drained(int step) const {
    return barriers + 8 * (SLOTS + 2 + (step & 1));
  }
  __device__ __forceinline__ void await_staged(int step) const {
    barrier_wait(staged(step), (step + 1) >> 1 & 1);
  }
  // Until the output of two steps ago, if there was one, has been taken away.
  __device__ __forceinline__ void await_drained(int step) const {
    barrier_wait(drained(step), ((step >> 1) - 1) & 1);
  }
};

// One lane tells what its whole warp has done.
DEVICE void tell(u32 barrier, int lane) {
  __syncwarp();
  if (lane == 0) barrier_arrive(barrier);
}

// A place in the ring of slots.
struct Ring {
  int slot, parity;
  __device__ __forceinline__ void advance() {
    if (++slot == SLOTS) slot = 0, parity ^= 1;
  }
};
