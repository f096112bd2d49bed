// Convolution weights as the fast path wants them, from the live float32 tensor:
//   out    [o][tap][i]  w / rms(row) / sqrt(fan_in), channels last, padded with zeros
//   energy [o][i]       sum over taps of (w / rms)^2
//   row_rms [o]
// PHASES 1: the stride-2 transposed 3x3 convolution of StyleGAN2 as a 2x2 convolution with four
// output phases, out [phase][o][2 x 2][i]: output (2u + py, 2v + px) is phase 2 py + px at (u, v),
// with padding 1. Even phases meet kernel rows 2 and 0, odd ones row 1 (and a zero).
// PHASES 2: the same and the 4-tap resampling filter behind it as one 3x3 convolution of padding 1,
// out [phase][o][3 x 3][i], for output twice as large as the input. Along one axis the filter makes
// y[2u + p] = sum over k, t of taps[k] w[t] x[(2u + p + k - 1 - t) / 2], where that is whole.
//
// One block an output channel (padding included); the row is staged in shared memory.
// Constants: OUT_TYPE Float or Half, TAPS (kernel height times width), PHASES.
#include "element.cuh"

constexpr int OUT_TAPS = PHASES == 1 ? 4 : TAPS;

// What a 3x3 kernel and the filter make of input (u + dy - 1, v + dx - 1) in a phase of (u, v).
DEVICE float composed(const float* kernel, const float* taps, int phase, int dy, int dx) {
  const int first_y = 2 * dy - 1 - (phase >> 1), first_x = 2 * dx - 1 - (phase & 1);
  float sum = 0;
#pragma unroll
  for (int t = 0; t < 9; t++) {
    const int ky = first_y + t / 3, kx = first_x + t % 3;
    const bool inside = (u32)ky < 4 && (u32)kx < 4;
    sum += inside ? kernel[t] * taps[ky] * taps[4 + kx] : 0.f;
  }
  return sum;
}

KERNEL __launch_bounds__(256) weight_preparation(
    const float* weight,  // [out_channels][in_channels][TAPS]
    const float* taps,    // [2][4] with PHASES 2: vertical and horizontal, flipped, times 2
    OUT_TYPE::type* out, float* energy, float* row_rms, int out_channels, int in_channels,
    int out_pitch, int in_pitch) {
  SHARED float partial[8];
  float* const row = shared_floats();
  const int channel = blockIdx.x, tid = threadIdx.x, count = in_channels * TAPS;
  float squares = 0;
  if (channel < out_channels) {
    for (int i = tid; i < count; i += blockDim.x) {
      const float w = weight[(i64)channel * count + i];
      row[i] = w;
      squares += w * w;
    }
  }
  squares = warp_sum(squares);
  if ((tid & 31) == 0) partial[tid >> 5] = squares;
  __syncthreads();
  squares = 0;
  for (int i = 0; i < 8; i++) squares += partial[i];
  const float power = squares / count + 1e-8f;
  const float normal = channel < out_channels ? rsqrtf(power) : 0.f;
  if (channel < out_channels) {
    if (tid == 0) row_rms[channel] = sqrtf(power);
    for (int i = tid; i < in_pitch; i += blockDim.x) {
      float sum = 0;
      if (i < in_channels) {
        for (int k = 0; k < TAPS; k++) sum += row[i * TAPS + k] * row[i * TAPS + k];
      }
      energy[(i64)channel * in_pitch + i] = sum * normal * normal;
    }
  }
  const float factor = normal * rsqrtf((float)count);
  for (int phase = 0; phase < (PHASES ? 4 : 1); phase++) {
    OUT_TYPE::type* const to = out + ((i64)phase * out_pitch + channel) * OUT_TAPS * in_pitch;
    for (int i = tid; i < OUT_TAPS * in_pitch; i += blockDim.x) {
      const int tap = i / in_pitch, in = i % in_pitch;
      const bool inside = in < in_channels && channel < out_channels;
#if PHASES == 2
      const float w = inside ? composed(row + in * TAPS, taps, phase, tap / 3, tap % 3) : 0.f;
#else
      int source = tap;
      if (PHASES) {
        const int py = phase >> 1, px = phase & 1, ty = tap >> 1, tx = tap & 1;
        const int ky = py ? (ty ? 1 : -1) : (ty ? 0 : 2), kx = px ? (tx ? 1 : -1) : (tx ? 0 : 2);
        source = ky < 0 || kx < 0 ? -1 : ky * 3 + kx;
      }
      const float w = inside && source >= 0 ? row[in * TAPS + source] : 0.f;
#endif
      OUT_TYPE::store(to + i, w * factor);
    }
  }
}
