// How thread blocks that share the input channels of a tile of `conv_wgmma.cu` add up their sums:
// each leaves its own in memory, and the one that comes last adds up all of them, in the order of
// parts, whichever came when: the result is always the same.
#pragma once
#include "conv_products.cuh"

struct Parts {
  float* shares;  // [tiles][CONSUMERS][SPLIT][BLOCKS][N_TILE / 2][128]
  int* arrivals;  // [tiles][CONSUMERS], zeros between launches
};

// Returns whether this warpgroup came last; it then has the complete sums.
DEVICE bool gather_parts(const Consumer& my, Sums& sums, const Parts& parts, int tile, int part) {
  constexpr int COUNT = N_TILE / 2, SIZE = BLOCKS * COUNT * 128;
  const int place = tile * CONSUMERS + my.index, thread = my.warp * 32 + my.lane;
  float* const shares = parts.shares + (i64)place * SPLIT * SIZE + thread;
#pragma unroll
  for (int i = 0; i < BLOCKS * COUNT; i++) {
    shares[part * SIZE + i * 128] = sums[i / COUNT][i % COUNT];
  }
  __threadfence();
  warpgroup_any(my.index, false);  // all have written
  const bool is_last = my.is_leader && atomicAdd(parts.arrivals + place, 1) == SPLIT - 1;
  if (!warpgroup_any(my.index, is_last)) return false;
  __threadfence();
  if (my.is_leader) parts.arrivals[place] = 0;
#pragma unroll
  for (int i = 0; i < BLOCKS * COUNT; i++) {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < SPLIT; k++) sum += load_fresh(shares + k * SIZE + i * 128);
    sums[i / COUNT][i % COUNT] = sum;
  }
  return true;
}
