// The mapping network of one latent in one launch: fully connected layers, each of which reads all of
// the results of the one before. Weights are read where they live, so that an edit needs no copy.
//
//   x[l + 1] = lrelu(weight[l] @ x[l] * weight_gain + bias * bias_gain) sqrt(2),  x[0] = z / rms(z)
//   ws[i] = average + psi[i] (x[LAYERS] - average)   (truncation, Karras et al. 2019, appendix B)
//
// All blocks run at once (a cooperative launch promises it), for they wait for each other. A warp owns
// the same rows of every layer. What it computes travels to all blocks as an 8-byte word with the
// ticket of this launch in its other half: who sees the ticket has the number, so that a layer costs
// one way through L2 instead of a barrier and a read, nothing has to be reset, and sums have a fixed
// order. Weights are asked for a layer ahead, and prefetched to L2 at the start.
//
// Constants: LAYERS (2 or more), ROWS of a warp in a layer, FOURS: ceil(most columns / 128).
#include "primitives.cuh"

struct Layer {
  const float* weight;  // [rows][columns]
  const float* bias;    // [rows]
  int rows, columns;    // columns: a multiple of 4
  float weight_gain, bias_gain;
};
struct Chain { Layer layers[LAYERS]; };

// A lane's part of its warp's rows.
struct Part {
  float4 weight[ROWS][FOURS];
  float bias[ROWS];
};

constexpr int WARPS = 8, WIDTH = 128 * FOURS;
// Tries before a number counts as lost and becomes NaN, which is not shown: about half a second.
// Nothing is ever lost; but a GPU that waits for ever takes the whole desktop with it.
constexpr int PATIENCE = 1 << 20;

DEVICE int row_of(int r) {
  return (r * WARPS + (threadIdx.x >> 5)) * gridDim.x + blockIdx.x;
}
DEVICE void load(Part& part, const Layer& layer, int lane) {
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const int row = row_of(r), fours = row < layer.rows ? layer.columns / 4 : 0;
    const float4* const weight = (const float4*)(layer.weight + (i64)row * layer.columns);
#pragma unroll
    for (int k = 0; k < FOURS; k++) {
      const int i = lane + 32 * k;
      part.weight[r][k] = i < fours ? weight[i] : make_float4(0, 0, 0, 0);
    }
    part.bias[r] = row < layer.rows ? layer.bias[row] : 0.f;
  }
}
DEVICE void prefetch_to_l2(const Layer& layer, int lane) {
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const int row = row_of(r);
    if (row >= layer.rows) continue;
    for (int i = 32 * lane; i < layer.columns; i += 32 * 32) {
      prefetch(layer.weight + (i64)row * layer.columns + i);
    }
  }
}

KERNEL __launch_bounds__(256, 2) dense_chain(
    const Chain chain, const float* z,  // [columns of the first layer]
    u64* passed,     // [LAYERS - 1][WIDTH]: results with tickets, on their way to the next layer
    u32* launches,   // so far; 0 at first, with `passed` zero
    const float* average, const float* psi, float* ws,  // [rows], [copies], [copies][rows]
    int copies) {
  const int lane = threadIdx.x & 31;
  float* const shared = shared_floats();  // x[l] in half l & 1; then the ticket
  u32* const shared_ticket = (u32*)(shared + 2 * WIDTH);
  let_next_start();
  Part part, next;
  load(part, chain.layers[0], lane);
#pragma unroll
  for (int l = 1; l < LAYERS; l++) prefetch_to_l2(chain.layers[l], lane);
  float averages[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    averages[r] = row_of(r) < chain.layers[LAYERS - 1].rows ? average[row_of(r)] : 0.f;
  }
  const float first_psi = lane < copies ? psi[lane] : 0.f;
  if (threadIdx.x == 0) *shared_ticket = load_coherent4(launches) + 1;
  u32 ticket = 0;

#pragma unroll
  for (int l = 0; l < LAYERS; l++) {
    const Layer& layer = chain.layers[l];
    if (l + 1 < LAYERS) load(next, chain.layers[l + 1], lane);
    float* const x = shared + (l & 1) * WIDTH;
    for (int i = 2 * threadIdx.x; i < WIDTH; i += 2 * 32 * WARPS) {
      float2 pair = make_float2(0, 0);
      if (i < layer.columns) {
        if (l == 0) {
          pair = *(const float2*)(z + i);
        } else {
          const u64* const from = passed + (l - 1) * WIDTH + i;
          for (int tries = 0; !collect(pair, from, ticket); tries++) {
            if (tries < PATIENCE) continue;
            pair.x = pair.y = __uint_as_float(0x7fffffff);
            break;
          }
        }
      }
      *(float2*)(x + i) = pair;
    }
    __syncthreads();  // the other half is written only behind the next one: one a layer is enough
    if (l == 0) ticket = *shared_ticket;
    float sums[ROWS] = {}, squares = 0;
#pragma unroll
    for (int k = 0; k < FOURS; k++) {
      const float4 v = ((const float4*)x)[lane + 32 * k];
      if (l == 0) squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        const float4 w = part.weight[r][k];
        sums[r] += w.x * v.x + w.y * v.y + w.z * v.z + w.w * v.w;
      }
    }
    const float norm = l == 0 ? rsqrtf(warp_sum(squares) / layer.columns + 1e-8f) : 1.f;
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      const int row = row_of(r);
      float y = warp_sum(sums[r]) * norm * layer.weight_gain + part.bias[r] * layer.bias_gain;
      y = (y < 0 ? 0.2f * y : y) * 1.41421356f;
      if (row >= layer.rows) continue;
      if (l + 1 < LAYERS) {
        if (lane == r) post(passed + l * WIDTH + row, y, ticket);
        continue;
      }
      for (int i = lane; i < copies; i += 32) {
        const float distance = i == lane ? first_psi : psi[i];
        ws[(i64)i * layer.rows + row] = averages[r] + distance * (y - averages[r]);
      }
    }
    part = next;
  }
  // Every block has passed something on to this one, hence read its ticket.
  if (blockIdx.x == 0 && threadIdx.x == 0) *launches = ticket;
}
