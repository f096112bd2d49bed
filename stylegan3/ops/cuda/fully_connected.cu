// Fully connected layers on one vector each: every affine of a network, or a mapping layer, in one
// launch. Weights are read where they live, so that an edit needs no copy.
//
//   y = act(weight @ x * norm(x) * weight_gain + bias * bias_gain)
//
// or, with an average, several copies of it, each at its own distance from the average (truncation,
// Karras et al. 2019, appendix B): y[i] = average + psi[i] (y - average).
//
// One warp a row, 8 rows a block; `blocks` says which layer and row a block starts with. Bound by
// reading the weights once; the first of them are loaded while the kernel before still runs.
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

constexpr int AHEAD = 4;  // float4 of weights that a lane loads ahead: 512 columns in all

KERNEL __launch_bounds__(256) fully_connected(const Layer* layers, const int2* blocks) {
  const Layer layer = layers[blocks[blockIdx.x].x];
  const int row = blocks[blockIdx.x].y + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (row >= layer.rows) return;
  const float* const weight = layer.weight + (i64)row * layer.columns;
  const int fours = layer.columns % 4 == 0 ? layer.columns / 4 : 0;
  float4 ahead[AHEAD];
#pragma unroll
  for (int k = 0; k < AHEAD; k++) {
    const int i = lane + 32 * k;
    ahead[k] = i < fours ? ((const float4*)weight)[i] : make_float4(0, 0, 0, 0);
  }
  await_previous();
  float sum = 0, squares = 0;
  auto add_four = [&](float4 w, float4 x) {
    sum += w.x * x.x + w.y * x.y + w.z * x.z + w.w * x.w;
    squares += x.x * x.x + x.y * x.y + x.z * x.z + x.w * x.w;
  };
#pragma unroll
  for (int k = 0; k < AHEAD; k++) {
    if (lane + 32 * k < fours) add_four(ahead[k], ((const float4*)layer.x)[lane + 32 * k]);
  }
  for (int i = lane + 32 * AHEAD; i < fours; i += 32) {
    add_four(((const float4*)weight)[i], ((const float4*)layer.x)[i]);
  }
  for (int i = fours * 4 + lane; i < layer.columns; i += 32) {
    sum += weight[i] * layer.x[i];
    squares += layer.x[i] * layer.x[i];
  }
  sum = warp_sum(sum);
  if (layer.normalise) sum *= rsqrtf(warp_sum(squares) / layer.columns + 1e-8f);
  sum = sum * layer.weight_gain + (layer.bias ? layer.bias[row] * layer.bias_gain : 0.f);
  if (layer.activate) sum = (sum < 0 ? 0.2f * sum : sum) * 1.41421356f;
  const float average = layer.average ? layer.average[row] : 0.f;
  for (int i = lane; i < layer.copies; i += 32) {
    const float psi = layer.average ? layer.psi[i] : 1.f;
    layer.y[i * layer.rows + row] = average + psi * (sum - average);
  }
}
