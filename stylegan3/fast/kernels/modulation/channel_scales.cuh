// What the jobs of modulation.cu share: sums over a vector by a block of 256 threads, and the scale
// that a layer's output carries for the layer that reads it.
#pragma once
#include "primitives.cuh"

// A thread's part of a vector, t + 256 k of it, asked for at once as far as 1024 values reach.
struct VectorPart {
  float values[4];
};
DEVICE VectorPart load_part(const float* v, int count) {
  VectorPart part;
#pragma unroll
  for (int k = 0; k < 4; k++) {
    const int i = threadIdx.x + 256 * k;
    part.values[k] = i < count ? v[i] : 0.f;
  }
  return part;
}
DEVICE float squares(const VectorPart& part, const float* v, int count) {
  float sum = 0;
#pragma unroll
  for (int k = 0; k < 4; k++) sum += part.values[k] * part.values[k];
#pragma unroll 1
  for (int i = threadIdx.x + 1024; i < count; i += 256) sum += v[i] * v[i];
  return sum;
}

// Two sums over the block, in a fixed order, for every thread. All call it, once in a kernel.
DEVICE float2 block_sums(float a, float b) {
  SHARED float parts[2][8];
  a = warp_sum(a), b = warp_sum(b);
  if ((threadIdx.x & 31) == 0) {
    parts[0][threadIdx.x >> 5] = a;
    parts[1][threadIdx.x >> 5] = b;
  }
  __syncthreads();
  float2 sums = make_float2(0, 0);
#pragma unroll
  for (int i = 0; i < 8; i++) sums.x += parts[0][i], sums.y += parts[1][i];
  return sums;
}

// What styles of the next layer are multiplied by.
//   gain: 0 to divide them by their rms, whose square this is; else times this
//   power: running mean square of that layer's input (magnitude_ema), or 1
DEVICE float next_norm(float gain, float mean_square, float power) {
  return (gain == 0 ? rsqrtf(mean_square + 1e-8f) : gain) * rsqrtf(fmaxf(power, 1e-8f));
}
