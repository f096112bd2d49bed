// The warp of `filtered_lrelu.cu` that brings input and takes output away.
#pragma once
#include "filtered_lrelu_layout.cuh"

// Eight channels of -bias.
DEVICE uint4 outside_pixel(const float* bias) {
  float b[8];
  for (int i = 0; i < 8; i++) b[i] = -bias[i];
  return make_uint4(to_half2(b[0], b[1]), to_half2(b[2], b[3]), to_half2(b[4], b[5]),
                    to_half2(b[6], b[7]));
}

// Copies blocks of 8 input rows into slots. A lane has every 32nd half pixel (16 bytes) of a row:
// of `inside`, those that lie in the picture.
struct Input {
  static constexpr int HALVES = 2 * COLUMNS, SHARE = (HALVES + 31) / 32;
  const u16* source;  // row `row`, column of the strip's first pixel
  i64 row_length;     // [float16 values]
  int offsets[SHARE];
  u32 to[SHARE];      // in a slot, for the rows whose halves are not swapped
  bool inside[SHARE];
  uint4 outside;
  int row, height, blocks;  // blocks of 8 rows still to load

  __device__ __forceinline__ void load(u32 slot) {
    if (blocks-- > 0) {
      if (row >= 0 && row + 8 <= height) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
          const u16* const from = source + i * row_length;
#pragma unroll
          for (int k = 0; k < SHARE; k++) {
            if (inside[k]) copy_async16(address(slot, i, k), from + offsets[k]);
          }
        }
      } else {
#pragma unroll 1
        for (int i = 0; i < 8; i++) {
          const u16* const from = source + i * row_length;
          const bool exists = (u32)(row + i) < (u32)height;
#pragma unroll
          for (int k = 0; k < SHARE; k++) {
            if (inside[k] && exists) copy_async16(address(slot, i, k), from + offsets[k]);
            if (inside[k] && !exists) store_shared16(address(slot, i, k), outside);
          }
        }
      }
      source += 8 * row_length;
      row += 8;
    }
    copy_async_commit();
  }
  // For columns outside the picture: what load() would do, once for all slots.
  __device__ __forceinline__ void fill(u32 shared, int k) const {
    for (int i = 0; i < SLOTS * 8; i++) {
      store_shared16(address(shared + i / 8 * SLOT, i % 8, k), outside);
    }
  }
  __device__ __forceinline__ u32 address(u32 slot, int i, int k) const {
    return slot + (to[k] ^ swapped_half(i)) + i * ROW;
  }
};

// Stores staged rows. A lane has two half pixels of a row, 16 pixels apart.
struct Output {
  u16* to;           // row `row` of the strip, at the lane's first half pixel
  i64 row_length;    // [float16 values]
  int apart;         // of the two [float16 values]
  bool exists[2];
  int row, rows;     // of the strip
  u32 from;          // of the lane's first half pixel in a staging, halves not swapped

  __device__ __forceinline__ void store(u32 staging, u32 drained, int lane) {
    constexpr int BATCH = 4;  // rows whose values are in registers
#pragma unroll
    for (int first = 0; first < STEP_ROWS; first += BATCH) {
      uint4 values[BATCH][2];
#pragma unroll
      for (int i = 0; i < BATCH; i++) {
        const u32 at = staging + (from ^ swapped_half(first + i)) + (first + i) * OUT_ROW;
        values[i][0] = load_shared16(at);
        values[i][1] = load_shared16(at + 16 * 32);
      }
      if (first + BATCH == STEP_ROWS) tell(drained, lane);
#pragma unroll
      for (int i = 0; i < BATCH; i++, row++, to += row_length) {
        const bool is_row = (u32)row < (u32)rows;
        if (is_row && exists[0]) store_global16(to, values[i][0]);
        if (is_row && exists[1]) store_global16(to + apart, values[i][1]);
      }
    }
  }
};

// Carries all input and output of a strip.
DEVICE void carry_strip(u32 shared, const Handover& handover, Input& input, Output& output,
                        int steps) {
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int i = 0; i < SLOTS; i++) input.load(shared + i * SLOT);
  Ring bring = {0, 0};
  u32 refill = shared;
#pragma unroll 1
  for (int block = 0; block <= steps; block++) {
    copy_async_wait<SLOTS - 2>();
    tell(handover.brought(bring.slot), lane);
    bring.advance();
    if (block == 0) continue;
    const int step = block - 2;
    handover.await_staged(step);
    input.load(refill);
    refill = refill + SLOT == shared + PAST_END ? shared : refill + SLOT;
    if (step < 0) continue;
    output.store(shared + STAGING + (step & 1) * OUT_SLOT, handover.drained(step), lane);
  }
  handover.await_staged(steps - 1);
  output.store(shared + STAGING + (steps - 1 & 1) * OUT_SLOT, handover.drained(steps - 1), lane);
}
