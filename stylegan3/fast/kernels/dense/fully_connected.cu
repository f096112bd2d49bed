// Fully connected layers on one vector each: every affine of a network, or a mapping layer, in one
// launch. Weights are read where they live, so that an edit needs no copy.
//
//   y = act(weight @ x * norm(x) * weight_gain + bias * bias_gain)
//
// or, with an average, several copies of it, each at its own distance from the average (truncation,
// Karras et al. 2019, appendix B): y[i] = average + psi[i] (y - average).
//
// One warp ROWS rows, 4 warps a block; `blocks` says which layer and row a block starts with. Bound by
// reading the weights once: as many rows as leave all blocks of a network room to run at once, so that
// nearly all of it is read while the kernel before still runs. Then memory is idle: what the kernel
// behind this one reads is prefetched to L2 meanwhile.
#include "primitives.cuh"

struct Layer {
  const float* weight;   // [rows][columns]
  const float* bias;     // [rows], or null
  const float* x;        // [columns]
  float* y;              // [copies][rows]
  const float* average;  // [rows], or null: y is not truncated
  const float* psi;      // [copies], with average
  int rows, columns, copies;
  float weight_gain, bias_gain;
  int normalise;  // 1: x times rsqrt(mean(x^2) + 1e-8)
  int activate;   // 1: leaky ReLU 0.2, gain sqrt(2)
};

constexpr int ROWS = 4;
constexpr int AHEAD = 4;  // float4 of a row that a lane loads ahead: 512 columns in all

KERNEL __launch_bounds__(128, 5) fully_connected(
    const Layer* layers, const int2* blocks,
    const u64* pieces, int count) {  // addresses of 4096 bytes each, to be read soon
  const int2 block = blocks[blockIdx.x];
  const Layer& layer = layers[block.x];
  const int first = block.y + (threadIdx.x >> 5) * ROWS, lane = threadIdx.x & 31;
  const int rows = layer.rows, columns = layer.columns;
  const int fours = columns % 4 == 0 ? columns / 4 : 0;
  const float* const weight = layer.weight + (i64)first * columns;
  float4 ahead[ROWS][AHEAD];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
#pragma unroll
    for (int k = 0; k < AHEAD; k++) {
      const int i = lane + 32 * k;
      const bool is_there = first + r < rows && i < fours;
      ahead[r][k] = is_there ? ((const float4*)weight)[r * fours + i] : make_float4(0, 0, 0, 0);
    }
  }
  for (int i = blockIdx.x + (threadIdx.x >> 5) * gridDim.x; i < count; i += 4 * gridDim.x) {
    prefetch((const char*)pieces[i] + 128 * lane);
  }
  if (first >= rows) return;
  const int own = first + lane;  // of lane r is row r of the warp
  const bool speaks = lane < ROWS && own < rows;
  const float bias = speaks && layer.bias ? layer.bias[own] * layer.bias_gain : 0.f;
  const float* const x = layer.x;
  const float weight_gain = layer.weight_gain;
  await_previous();
  float sums[ROWS] = {}, squares = 0;
#pragma unroll
  for (int k = 0; k < AHEAD; k++) {
    const int i = lane + 32 * k;
    const float4 v = i < fours ? ((const float4*)x)[i] : make_float4(0, 0, 0, 0);
    squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      const float4 w = ahead[r][k];
      sums[r] += w.x * v.x + w.y * v.y + w.z * v.z + w.w * v.w;
    }
  }
  // what was not loaded ahead: columns beyond, or all of them where rows are not aligned
#pragma unroll 1
  for (int i = (fours ? 128 * AHEAD : 0) + lane; i < columns; i += 32) {
    const float value = x[i];
    squares += value * value;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      if (first + r < rows) sums[r] += weight[r * columns + i] * value;
    }
  }
  float result = 0, norm = weight_gain;
  if (layer.normalise) norm *= rsqrtf(warp_sum(squares) / columns + 1e-8f);
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const float sum = warp_sum(sums[r]);
    if (lane == r) result = sum * norm + bias;
  }
  if (!speaks) return;
  if (layer.activate) result = (result < 0 ? 0.2f * result : result) * 1.41421356f;
  float* const y = layer.y + own;
  if (!layer.average) {
    *y = result;
    return;
  }
  const float average = layer.average[own];
  for (int i = 0; i < layer.copies; i++) y[i * rows] = average + layer.psi[i] * (result - average);
}
