// How thread blocks that share the input channels of a tile add up their sums: each leaves its own in
// memory, and the one that comes last adds up all of them, in the order of parts, whichever came when:
// the result is always the same.
//
// The kernel that includes this says who shares: SHARERS (of a thread block, each with sums of its own)
// of SHARER_THREADS, sharer_of, is_first_of and any_of, for which they all wait.
#pragma once
#include "primitives.cuh"

struct Parts {
  float* shares;  // [tiles][SHARERS][SPLIT][BLOCKS][N_TILE / 2][SHARER_THREADS]
  int* arrivals;  // [tiles][SHARERS], zeros between launches
};

// Returns whether these threads came last; they then have the complete sums.
DEVICE bool gather_parts(const Consumer& my, Sums& sums, const Parts& parts, int tile, int part) {
  constexpr int COUNT = N_TILE / 2, SIZE = BLOCKS * COUNT * SHARER_THREADS;
  const int place = tile * SHARERS + sharer_of(my), thread = my.warp * 32 + my.lane;
  float* const shares = parts.shares + (i64)place * SPLIT * SIZE + thread;
#pragma unroll
  for (int i = 0; i < BLOCKS * COUNT; i++) {
    shares[part * SIZE + i * SHARER_THREADS] = sums[i / COUNT][i % COUNT];
  }
  __threadfence();
  any_of(my, false);  // all have written
  const bool is_last =
      is_first_of(my) && atomicAdd(parts.arrivals + place, 1) == SPLIT - 1;
  if (!any_of(my, is_last)) return false;
  __threadfence();
  if (is_first_of(my)) parts.arrivals[place] = 0;
#pragma unroll
  for (int i = 0; i < BLOCKS * COUNT; i++) {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < SPLIT; k++) sum += load_fresh(shares + k * SIZE + i * SHARER_THREADS);
    sums[i / COUNT][i % COUNT] = sum;
  }
  return true;
}
