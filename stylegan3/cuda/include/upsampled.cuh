// A value of StyleGAN2's previous picture, at twice its size.
#pragma once
#include "primitives.cuh"

// Pixel (y, x) of a picture is upsampled from 2x2 values of a plane [height][width] half its size. Where
// value i of them lies, above and left first; false if outside.
DEVICE bool upsampled_from(int& offset, int y, int x, int i, int height, int width) {
  const int sy = ((y - 1) >> 1) + (i >> 1), sx = ((x - 1) >> 1) + (i & 1);
  offset = sy * width + sx;
  return (u32)sy < (u32)height && (u32)sx < (u32)width;
}

// The upsampled value of one pixel of a plane [height][width] twice as large: even rows and columns
// take taps 0 and 2, odd ones 1 and 3.
struct Upsampled {
  float weights[4];
  int offsets[4];  // in the plane; 0 with weight 0 outside

  __device__ __forceinline__ Upsampled(const float (&taps)[2][4], int y, int x, int height, int width) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int offset;
      const bool inside = upsampled_from(offset, y, x, i, height, width);
      const float vertical = y & 1 ? taps[0][i >> 1 ? 3 : 1] : taps[0][i >> 1 ? 2 : 0];
      const float horizontal = x & 1 ? taps[1][i & 1 ? 3 : 1] : taps[1][i & 1 ? 2 : 0];
      weights[i] = inside ? vertical * horizontal : 0.f;
      offsets[i] = inside ? offset : 0;
    }
  }
  __device__ __forceinline__ float of(const float* plane) const {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) sum += weights[i] * plane[offsets[i]];
    return sum;
  }
};
