// The warps of `filtered_lrelu.cu` that load input to shared memory, and store output.
#pragma once
#include "filtered_lrelu_layout.cuh"

constexpr int APART = 16;  // a lane has half (16 bytes) of every 16th pixel of a row

// Eight channels of -bias.
DEVICE uint4 outside_pixel(const float* bias) {
  float b[8];
  for (int i = 0; i < 8; i++) b[i] = -bias[i];
  return make_uint4(to_half2(b[0], b[1]), to_half2(b[2], b[3]), to_half2(b[4], b[5]),
                    to_half2(b[6], b[7]));
}

// Copies blocks of 8 input rows into slots.
struct Input {
  static constexpr int SHARE = (COLUMNS + APART - 1) / APART;
  const u16* source;   // first row of the next block, this lane's first pixel
  i64 row_length;      // [float16 values]
  int apart;           // from a pixel of the lane to its next [float16 values]
  u32 to;              // in a slot
  bool inside[SHARE];  // the pixels that lie in the picture; what others are is filled in once
  uint4 outside;
  int row, height, blocks;  // blocks still to load

  __device__ __forceinline__ void load(u32 slot) {
    if (blocks-- > 0) {
      if (row >= 0 && row + 8 <= height) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
          const u16* const from = source + i * row_length;
#pragma unroll
          for (int k = 0; k < SHARE; k++) {
            if (inside[k]) copy_async16(address(slot, i, k), from + k * apart);
          }
        }
      } else {
#pragma unroll 1
        for (int i = 0; i < 8; i++) {
          const u16* const from = source + i * row_length;
          const bool exists = (u32)(row + i) < (u32)height;
#pragma unroll
          for (int k = 0; k < SHARE; k++) {
            if (inside[k] && exists) copy_async16(address(slot, i, k), from + k * apart);
            if (inside[k] && !exists) store_shared16(address(slot, i, k), outside);
          }
        }
      }
      source += 8 * row_length;
      row += 8;
    }
    copy_async_commit();
  }
  // For a pixel outside the picture: what load() would do, once for all slots.
  __device__ __forceinline__ void fill(u32 shared, int k) const {
    for (int slot = 0; slot < SLOTS; slot++) {
      for (int i = 0; i < 8; i++) {
        store_shared16(address(shared + slot * SLOT, i, k), outside);
      }
    }
  }
  __device__ __forceinline__ u32 address(u32 slot, int i, int k) const {
    return slot + (to ^ swapped_half(i)) + i * ROW + k * APART * 32;
  }
};

// Loads all input of a strip.
DEVICE void load_strip(u32 shared, const Handover& handover, Input& input, int lane, int steps) {
#pragma unroll
  for (int i = 0; i < SLOTS; i++) input.load(shared + i * SLOT);
  Ring loading = {0, 0};
  u32 refill = shared;
#pragma unroll 1
  for (int block = 0; block <= steps; block++) {
    copy_async_wait<SLOTS - 2>();
    tell(handover.loaded(loading.slot), lane);
    loading.advance();
    if (block == 0) continue;
    handover.await_staged(block - 2);
    input.load(refill);
    refill = refill + SLOT == shared + PAST_END ? shared : refill + SLOT;
  }
}

// Stores staged rows.
struct Output {
  static constexpr int SHARE = 32 / APART;
  u16* to;            // first row of the next step, this lane's first pixel
  i64 row_length;     // [float16 values]
  int apart;          // from a pixel of the lane to its next [float16 values]
  bool exists[SHARE]; // the pixels that lie in the picture
  int row, rows;      // the former of the strip's latter
  u32 from;           // in a staging

  __device__ __forceinline__ void store(u32 staging, u32 drained, int lane) {
    constexpr int BATCH = 4;  // rows whose values are in registers
#pragma unroll 1  // more code than the caches of instructions hold costs the other warps
    for (int first = 0; first < STEP_ROWS; first += BATCH) {
      uint4 values[BATCH][SHARE];
#pragma unroll
      for (int j = 0; j < BATCH; j++) {
        const u32 at = staging + (from ^ swapped_half(first + j)) + (first + j) * OUT_ROW;
#pragma unroll
        for (int k = 0; k < SHARE; k++) values[j][k] = load_shared16(at + k * APART * 32);
      }
      if (first + BATCH == STEP_ROWS) tell(drained, lane);
#pragma unroll
      for (int i = 0; i < BATCH; i++, row++, to += row_length) {
        const bool is_row = (u32)row < (u32)rows;
#pragma unroll
        for (int k = 0; k < SHARE; k++) {
          if (is_row && exists[k]) store_global16(to + k * apart, values[i][k]);
        }
      }
    }
  }
};

// Stores all output of a strip.
DEVICE void store_strip(u32 shared, const Handover& handover, Output& output, int lane, int steps) {
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    handover.await_staged(step);
    output.store(shared + STAGING + (step & 1) * OUT_SLOT, handover.drained(step), lane);
  }
}
