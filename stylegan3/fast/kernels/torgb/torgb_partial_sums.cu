// StyleGAN3's picture from the parts of ToRGB's sums that filtered_lrelu.cu leaves:
//
//   picture = output_scale * clamp(sum of parts + bias, +-clamp)
//
// The parts are added in one order always. A block has one colour; its threads stride over VECTORS
// vectors of WIDTH pixels and AT_ONCE parts at a time, all of which are under way: memory-bound.
//
// Constants: WIDTH 4, or 1 where planes are no whole vectors.
#include "element.cuh"

constexpr int VECTORS = 2, AT_ONCE = 4;

struct alignas(4 * WIDTH) Vector { float values[WIDTH]; };

KERNEL __launch_bounds__(256, 4) torgb_partial_sums(
    const Vector* parts,  // [count][colours][vectors]
    Vector* picture,      // [colours][vectors]
    const float* bias,    // [colours]
    int count, int vectors, float clamp, float output_scale) {
  const int threads = gridDim.x * blockDim.x;
  const float own_bias = bias[blockIdx.y];
  const i64 plane = (i64)blockIdx.y * vectors, part = (i64)gridDim.y * vectors;
  await_previous();
  for (int first = blockIdx.x * blockDim.x + threadIdx.x; first < vectors;
       first += VECTORS * threads) {
    Vector sums[VECTORS] = {};
    const Vector* from = parts + plane + first;
    for (int i = 0; i < count; i += AT_ONCE, from += AT_ONCE * part) {
      Vector loaded[AT_ONCE][VECTORS] = {};
#pragma unroll
      for (int p = 0; p < AT_ONCE; p++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
          const bool exists = i + p < count && first + v * threads < vectors;
          if (exists) loaded[p][v] = from[p * part + v * threads];
        }
      }
#pragma unroll
      for (int p = 0; p < AT_ONCE; p++) {
#pragma unroll
        for (int v = 0; v < VECTORS; v++) {
#pragma unroll
          for (int k = 0; k < WIDTH; k++) sums[v].values[k] += loaded[p][v].values[k];
        }
      }
    }
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
      const int vector = first + v * threads;
      if (vector >= vectors) continue;
#pragma unroll
      for (int k = 0; k < WIDTH; k++) {
        sums[v].values[k] = limited(sums[v].values[k] + own_bias, clamp) * output_scale;
      }
      picture[plane + vector] = sums[v];
    }
  }
}
