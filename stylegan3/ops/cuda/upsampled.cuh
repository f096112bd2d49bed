// A value of StyleGAN2's previous picture, at twice its size.
#pragma once
#include "primitives.cuh"

// The upsampled value of one pixel of a plane [height][width] twice as large: even rows and columns
// take taps 0 and 2, odd ones 1 and 3.
struct Upsampled {
  float weights[4];
  int offsets[4];  // in the plane; 0 with weight 0 outside

  __device__ __forceinline__ Upsampled(const float (&taps)[2][4], int y, int x, int height, int width) {
    const int top = (y - 1) >> 1, left = (x - 1) >> 1;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int sy = top + (i >> 1), sx = left + (i & 1);
      const bool inside = (u32)sy < (u32)height && (u32)sx < (u32)width;
      const float vertical = y & 1 ? taps[0][i >> 1 ? 3 : 1] : taps[0][i >> 1 ? 2 : 0];
      const float horizontal = x & 1 ? taps[1][i & 1 ? 3 : 1] : taps[1][i & 1 ? 2 : 0];
      weights[i] = inside ? vertical * horizontal : 0.f;
      offsets[i] = inside ? sy * width + sx : 0;
    }
  }
  __device__ __forceinline__ float of(const float* plane) const {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) sum += weights[i] * plane[offsets[i]];
    return sum;
  }
};
