// Convolution weights as the convolutions read them, from the live float32 tensors, for many layers
// in one launch:
//   out    [row][tap][i] or [tap][row][i]   w / rms(row) / sqrt(fan_in)
//   energy [o][i]                           sum over taps of (w / rms)^2
//   row_rms [o]
// PHASES: the stride-2 transposed 3x3 convolution of StyleGAN2 as a 2x2 convolution with four output
// phases and padding 1: output (2u + py, 2v + px) is phase 2 py + px at (u, v). Even phases meet
// kernel rows 2 and 0, odd ones row 1.
// FUSED: the same and the 4-tap resampling filter behind it as one 3x3 convolution of padding 1,
// for output twice as large as the input.
// Without energy, values are only put in their places. Nothing asks for that; but where the compiler
// does not have to think of it, it spills registers (NVRTC 13.0).
//
// One block an output channel, whose row is staged in shared memory for its root-mean-square; then
// each thread takes two neighbouring input channels, so that a warp stores 128 bytes in a row.
// Padding was zero from the start and stays: it is not written. Memory-bound.
#include "primitives.cuh"

constexpr int THREADS = 128, BATCH = 5, MOST = 64;
enum Kind { PLAIN, PHASES, FUSED };

struct Layer {
  const float* weight;  // [out_channels][in_channels][taps]
  const float* filter;  // [2][4] with FUSED: vertical and horizontal, flipped, times 2
  const int* row_of;    // [phases * out_pitch] rows of `out`; null: in order
  void* out;            // u16 or float
  float* energy;        // [out_channels][energy_pitch] or null
  float* row_rms;       // [out_channels] or null
  int in_channels, taps, out_pitch, energy_pitch;
  int row_stride, tap_stride;  // of `out` [values]
  int kind, is_half;
};

// Which layers a launch takes: layers[i] has the blocks from first_blocks[i] on.
struct Selection {
  int count, layers[MOST], first_blocks[MOST];
};

// Position of this block's layer in a selection.
DEVICE int find(const Selection& selection) {
  int low = 0, high = selection.count - 1;
  while (low < high) {
    const int middle = (low + high + 1) >> 1;
    if (selection.first_blocks[middle] <= (int)blockIdx.x) low = middle;
    else high = middle - 1;
  }
  return low;
}

// ---- the row -------------------------------------------------------------------------------------

// Four values of a row from `first` on, zeros outside of it; from + first is 16-byte aligned.
DEVICE float4 four_of(const float* from, int first, int count) {
  if (first >= 0 && first + 4 <= count) return *(const float4*)(from + first);
  auto value = [&](int i) { return (u32)i < (u32)count ? from[i] : 0.f; };
  return make_float4(value(first), value(first + 1), value(first + 2), value(first + 3));
}

// Copies a row to shared memory, 16 bytes at a time: to[skew] is its first value, zeros are around it,
// `room` values from there. Returns this thread's part of the sum of squares.
DEVICE float stage(const float* from, int count, int room, float* to, int skew) {
  const int fours = (skew + room + 3) / 4;
  float squares = 0;
  for (int first = threadIdx.x; first < fours; first += BATCH * THREADS) {
    float4 v[BATCH];  // all loads are under way before the first is waited for
#pragma unroll
    for (int i = 0; i < BATCH; i++) v[i] = four_of(from, 4 * (first + i * THREADS) - skew, count);
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      if (first + i * THREADS < fours) ((float4*)to)[first + i * THREADS] = v[i];
      squares += v[i].x * v[i].x + v[i].y * v[i].y + v[i].z * v[i].z + v[i].w * v[i].w;
    }
  }
  return squares;
}

// ---- two input channels --------------------------------------------------------------------------

DEVICE float2 operator*(float2 a, float b) { return make_float2(a.x * b, a.y * b); }
DEVICE float2 plus_product(float2 sum, float2 a, float2 b) {
  return make_float2(sum.x + a.x * b.x, sum.y + a.y * b.y);
}
DEVICE void store_pair(u16* to, float2 v) { *(u32*)to = to_half2(v.x, v.y); }
DEVICE void store_pair(float* to, float2 v) { *(float2*)to = v; }

// Where the rows of an output channel begin, in each phase [values].
struct Places {
  int first[4];
};
DEVICE Places places_of(const Layer& layer, int channel) {
  Places places;
#pragma unroll
  for (int phase = 0; phase < 4; phase++) {
    if (phase > 0 && layer.kind == PLAIN) break;
    const int row = phase * layer.out_pitch + channel;
    places.first[phase] = (layer.row_of ? layer.row_of[row] : row) * layer.row_stride;
  }
  return places;
}

// What is common to the input channels of a block.
template <class T> struct Row {
  T* out;
  Places places;
  int tap_stride;
  float factor, fan_in;
  float* energy;  // or null

  __device__ __forceinline__ void store(int phase, int tap, int in, float2 v) const {
    store_pair(out + (places.first[phase] + tap * tap_stride + in), v);
  }
  // Of what is stored, (w / rms)^2 / fan_in.
  __device__ __forceinline__ void store_energy(int in, float2 squares) const {
    if (energy) store_pair(energy + in, squares * fan_in);
  }
};

// These write channels `in` and `in + 1`, whose taps are `w` and `w + taps`: any number, and nine.
template <class T> DEVICE void write_any(const Row<T>& row, const float* w, int in, int taps) {
  float2 squares = make_float2(0, 0);
  for (int tap = 0; tap < taps; tap++) {
    const float2 v = make_float2(w[tap], w[taps + tap]) * row.factor;
    squares = plus_product(squares, v, v);
    row.store(0, tap, in, v);
  }
  row.store_energy(in, squares);
}

// What three taps along one axis and the filter behind them make of input u + d - 1 in output
// 2 u + p: y[2u + p] = sum over k, t of filter[k] w[t] x[(2u + p + k - 1 - t) / 2], where that is whole.
DEVICE float2 fused(float2 w0, float2 w1, float2 w2, const float* filter, int d, int p) {
  const float2 w[3] = {w0, w1, w2};
  float2 sum = make_float2(0, 0);
#pragma unroll
  for (int t = 0; t < 3; t++) {
    const int k = 2 * d - 1 - p + t;
    if (k >= 0 && k < 4) sum = plus_product(sum, w[t], make_float2(filter[k], filter[k]));
  }
  return sum;
}

template <class T>
DEVICE void write_fused(const Row<T>& row, const float2 (&v)[9], int in, const float* filter) {
#pragma unroll
  for (int px = 0; px < 2; px++) {
#pragma unroll
    for (int dx = 0; dx < 3; dx++) {
      float2 column[3];
#pragma unroll
      for (int ky = 0; ky < 3; ky++) {
        column[ky] = fused(v[3 * ky], v[3 * ky + 1], v[3 * ky + 2], filter + 4, dx, px);
      }
#pragma unroll
      for (int i = 0; i < 6; i++) {
        const int py = i / 3, dy = i % 3;
        row.store(2 * py + px, 3 * dy + dx, in,
                  fused(column[0], column[1], column[2], filter, dy, py));
      }
    }
  }
}

template <class T>
DEVICE void write_nine(const Row<T>& row, const float* w, int in, int kind, const float* filter) {
  float2 squares = make_float2(0, 0), v[9];
#pragma unroll
  for (int tap = 0; tap < 9; tap++) {
    v[tap] = make_float2(w[tap], w[9 + tap]) * row.factor;
    squares = plus_product(squares, v[tap], v[tap]);
  }
  row.store_energy(in, squares);
  if (kind == FUSED) {
    write_fused(row, v, in, filter);
    return;
  }
#pragma unroll
  for (int tap = 0; tap < 9; tap++) {
    // in phases, every tap of the 3x3 is one of one phase's four; the others are zero
    const int ky = tap / 3, kx = tap % 3, in_phase = 2 * (ky < 2) + (kx < 2);
    if (kind == PHASES) row.store(2 * (ky & 1) + (kx & 1), in_phase, in, v[tap]);
    else row.store(0, tap, in, v[tap]);
  }
}

// ---- the block -----------------------------------------------------------------------------------

template <class T>
DEVICE void write_row(const Layer& layer, const Places& places, const float* staged, int channel,
                      float factor) {
  const Row<T> row = {
      (T*)layer.out, places, layer.tap_stride, factor, (float)(layer.in_channels * layer.taps),
      layer.energy ? layer.energy + (i64)channel * layer.energy_pitch : nullptr,
  };
  float filter[8];
  if (layer.kind == FUSED) {
#pragma unroll
    for (int i = 0; i < 8; i++) filter[i] = layer.filter[i];
  }
  for (int in = 2 * threadIdx.x; in < layer.in_channels; in += 2 * THREADS) {
    const float* const w = staged + in * layer.taps;
    if (layer.taps == 9) write_nine(row, w, in, layer.kind, filter);
    else write_any(row, w, in, layer.taps);
  }
}

KERNEL __launch_bounds__(THREADS, 8) weight_preparation(const Layer* layers,
                                                        const __grid_constant__ Selection selection) {
  SHARED float partial[THREADS / 32];
  const int position = find(selection), channel = blockIdx.x - selection.first_blocks[position];
  const Layer layer = layers[selection.layers[position]];
  const int count = layer.in_channels * layer.taps, room = (layer.in_channels + 1) / 2 * 2 * layer.taps;
  const float* const from = layer.weight + (i64)channel * count;
  const int skew = (i64)from >> 2 & 3;
  float* const staged = shared_floats();
  const Places places = places_of(layer, channel);  // on their way while the row is
  float squares = warp_sum(stage(from, count, room, staged, skew));
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = squares;
  __syncthreads();
  float factor = 1;
  if (layer.energy) {
    squares = 0;
    for (int i = 0; i < THREADS / 32; i++) squares += partial[i];
    const float power = squares / count + 1e-8f;
    factor = rsqrtf(power) * rsqrtf((float)count);
    if (threadIdx.x == 0) layer.row_rms[channel] = sqrtf(power);
  }
  if (layer.is_half) {
    write_row<u16>(layer, places, staged + skew, channel, factor);
  } else {
    write_row<float>(layer, places, staged + skew, channel, factor);
  }
}
