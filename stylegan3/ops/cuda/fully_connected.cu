// Fully connected layers on one vector each: every affine of a network, or a mapping layer, in one
// launch. Weights are read where they live, so that an edit needs no copy.
//
//   y = act(weight @ x * norm(x) * weight_gain + bias * bias_gain)
//
// One warp a row, 8 rows a block; `blocks` says which layer and row a block starts with. Bound by
// reading the weights once.
#include "primitives.cuh"

struct Layer {
  const float* weight;  // [rows][columns]
  const float* bias;    // [rows], or null
  const float* x;       // [columns]
  float* y;             // [rows]
  int rows, columns;
  float weight_gain, bias_gain;
  int normalise;  // 1: x times rsqrt(mean(x^2) + 1e-8)
  int activate;   // 1: leaky ReLU 0.2, gain sqrt(2)
};

KERNEL __launch_bounds__(256) fully_connected(const Layer* layers, const int2* blocks) {
  const Layer layer = layers[blocks[blockIdx.x].x];
  const int row = blocks[blockIdx.x].y + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (row >= layer.rows) return;
  const float* const weight = layer.weight + (i64)row * layer.columns;
  float sum = 0, squares = 0;
  if (layer.columns % 4 == 0) {
    for (int i = lane; i < layer.columns / 4; i += 32) {
      const float4 w = ((const float4*)weight)[i], x = ((const float4*)layer.x)[i];
      sum += w.x * x.x + w.y * x.y + w.z * x.z + w.w * x.w;
      squares += x.x * x.x + x.y * x.y + x.z * x.z + x.w * x.w;
    }
  } else {
    for (int i = lane; i < layer.columns; i += 32) {
      sum += weight[i] * layer.x[i];
      squares += layer.x[i] * layer.x[i];
    }
  }
  sum = warp_sum(sum);
  if (layer.normalise) sum *= rsqrtf(warp_sum(squares) / layer.columns + 1e-8f);
  sum = sum * layer.weight_gain + (layer.bias ? layer.bias[row] * layer.bias_gain : 0.f);
  if (layer.activate) sum = (sum < 0 ? 0.2f * sum : sum) * 1.41421356f;
  if (lane == 0) layer.y[row] = sum;
}
