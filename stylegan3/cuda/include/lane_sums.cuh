// Sums over the channels of pixels that several lanes share.
#pragma once
#include "primitives.cuh"

// The first pixel that a lane keeps of COUNT when WIDTH lanes have shared their sums.
template <int WIDTH, int COUNT> DEVICE int first_kept(int sub) {
  int first = 0;
#pragma unroll
  for (int mask = 1, kept = COUNT; mask < WIDTH && kept > 1; mask *= 2) {
    kept /= 2;
    if (sub & mask) first += kept;
  }
  return first;
}

// Adds up `sums` over the WIDTH lanes of a pixel. Instead of leaving every total in every lane, each
// exchange halves the pixels that a lane cares for: fewer shuffles, and the lanes then store
// different pixels. A lane keeps max(1, COUNT / WIDTH) of them in front; returns the first's index.
template <int WIDTH, int COUNT, int COLOUR_COUNT>
DEVICE int share_sums(float (&sums)[COUNT][COLOUR_COUNT], int sub) {
#pragma unroll
  for (int mask = 1, kept = COUNT; mask < WIDTH; mask *= 2) {
    const bool is_upper = sub & mask;
    const int given = kept;
    if (kept > 1) kept /= 2;
#pragma unroll
    for (int p = 0; p < kept; p++) {
#pragma unroll
      for (int o = 0; o < COLOUR_COUNT; o++) {
        const float low = sums[p][o], high = sums[given - kept + p][o];
        sums[p][o] = given > 1 ? (is_upper ? high : low) + lane_xor(is_upper ? low : high, mask)
                               : low + lane_xor(low, mask);
      }
    }
  }
  return first_kept<WIDTH, COUNT>(sub);
}
