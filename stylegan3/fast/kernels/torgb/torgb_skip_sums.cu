// StyleGAN2's picture from the shares of ToRGB's sums that epilogue.cuh leaves where a tile has
// not all channels. A level is a block's ToRGB, each twice the size of the one before:
//   picture = clamp(sum of the shares + bias, +-clamp) + upsample2(picture of the level before)
// One launch does all levels: a thread block owns TILE x TILE pixels of the last, and makes what
// they need of every level before, which is little. The shares are added in one order always.
//
// Constants: RGB (picture channels, up to 4).
#include "primitives.cuh"
#include "upsampled.cuh"

constexpr int TILE = 8, MOST_LEVELS = 10, MOST_PIXELS = 320;

struct Level {
  const float *sums, *bias, *taps;  // [parts][RGB][height][width], [RGB], [2][4] for the level before
  int parts, height, width;
  float clamp;
};
struct Region { int left, top, width, height, start; };  // of a level; `start` of its values

// The pixels of each level that the pixels of the last need; returns the number of values.
DEVICE int find_regions(Region* regions, const Level* levels, int count, int left, int top) {
  int right = min(left + TILE, levels[count - 1].width), start = 0;
  int bottom = min(top + TILE, levels[count - 1].height);
  for (int i = count - 1; i >= 0; i--) {
    regions[i] = {left, top, right - left, bottom - top, start};
    start += RGB * (right - left) * (bottom - top);
    // A pixel p has been upsampled from (p - 1) >> 1 and the next.
    left = max((left - 1) >> 1, 0), top = max((top - 1) >> 1, 0);
    right = min(((right - 2) >> 1) + 2, levels[i].width / 2);
    bottom = min(((bottom - 2) >> 1) + 2, levels[i].height / 2);
  }
  return start;
}

struct Item { int colour, y, x; };
DEVICE Item item_of(const Region& region, int index) {
  const int row = index / region.width, colour = row / region.height;
  return {colour, region.top + row - colour * region.height,
          region.left + index - row * region.width};
}

DEVICE float sum_of(const Level& level, const Item& at) {
  const i64 plane = (i64)level.height * level.width;
  const float* share = level.sums + at.colour * plane + (i64)at.y * level.width + at.x;
  float sum = 0;
#pragma unroll 8
  for (int part = 0; part < level.parts; part++) sum += share[part * RGB * plane];
  sum += level.bias[at.colour];
  return sum < -level.clamp ? -level.clamp : sum > level.clamp ? level.clamp : sum;
}

DEVICE Upsampled upsampled_at(const Level& level, int y, int x, int height, int width) {
  float taps[2][4];
#pragma unroll
  for (int i = 0; i < 8; i++) taps[i >> 2][i & 3] = level.taps[i];
  return Upsampled(taps, y, x, height, width);
}

KERNEL __launch_bounds__(256) torgb_skip_sums(
    const Level* levels, int count,
    const float* previous,  // [RGB][..] at half the size of the first level, or null
    float* out) {           // [RGB][height][width] of the last level
  SHARED Region regions[MOST_LEVELS];
  SHARED float values[RGB * MOST_PIXELS];
  SHARED int total;
  if (threadIdx.x == 0) {
    total = find_regions(regions, levels, count, blockIdx.x * TILE, blockIdx.y * TILE);
  }
  __syncthreads();
  await_previous();
  for (int i = threadIdx.x; i < total; i += blockDim.x) {
    int level = count - 1;
    while (level > 0 && i >= regions[level - 1].start) level--;
    values[i] = sum_of(levels[level], item_of(regions[level], i - regions[level].start));
  }
  for (int i = 0; i < count; i++) {
    __syncthreads();
    const Region& region = regions[i];
    const Level& level = levels[i];
    for (int k = threadIdx.x; k < RGB * region.width * region.height; k += blockDim.x) {
      const Item at = item_of(region, k);
      float& value = values[region.start + k];
      if (i > 0) {
        const Region& r = regions[i - 1];
        const float* plane = values + r.start + at.colour * r.width * r.height;
        value += upsampled_at(level, at.y - 2 * r.top, at.x - 2 * r.left, r.height, r.width)
                     .of(plane);
      } else if (previous) {
        const int height = level.height / 2, width = level.width / 2;
        value += upsampled_at(level, at.y, at.x, height, width)
                     .of(previous + (i64)at.colour * height * width);
      }
      if (i < count - 1) continue;
      out[((i64)at.colour * level.height + at.y) * level.width + at.x] = value;
    }
  }
}
