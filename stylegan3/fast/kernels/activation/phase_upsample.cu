// StyleGAN2's upsampling convolution, second half: the 4-tap resampling filter over the transposed
// convolution's output, fused with what modulated_act.cu does after a convolution.
//   y = clamp(lrelu(fir(z) * d + noise * strength + bias) * gain, +-clamp) * next
// z comes as four phases (weight_preparation.cu): z[2u + py][2v + px] lies at [u][v][2 py + px][pitch],
// where rows and columns beyond 2 h (h, w: input size) are no samples. y is [2h][2w][pitch].
//
// A thread owns 8 channels of 2 output columns and walks down `strip` input rows. Each z row is
// loaded once a strip, a row ahead of its use, filtered horizontally and added to the four output
// rows that it reaches, of which it completes one.
//
// Constants: TYPE Float or Half.
#include "element.cuh"

KERNEL __launch_bounds__(128, sizeof(TYPE::type) == 2 ? 4 : 2) phase_upsample(
    const TYPE::type* z, TYPE::type* y, const float* bias, const float* demodulation,
    const float* next,      // [pitch], zero beyond the channels
    const float* noise,     // [2h][2w], or null
    const float* strength,  // [1]
    const float* taps,      // [2][4]: vertical and horizontal, flipped, times 2
    int height, int width, int pitch, int strip, float clamp) {
  const int groups = pitch / 8, strips = (height + strip - 1) / strip;
  const int thread = blockIdx.x * blockDim.x + threadIdx.x;
  if (thread >= groups * width * strips) return;
  const int c = thread % groups * 8, v = thread / groups % width;
  const int start = thread / groups / width * strip * 2, end = min(start + strip * 2, height * 2);
  await_previous();
  // lrelu(v) gain = lrelu(v gain): the gain goes into the constants.
  const float gain = 1.41421356f, ns = noise ? *strength * gain : 0.f;
  float d[8], b[8], n[8], vertical[4], horizontal[4];
  load8(d, demodulation + c);
  load8(b, bias + c);
  load8(n, next + c);
  for (int i = 0; i < 8; i++) d[i] *= gain, b[i] *= gain;
  for (int i = 0; i < 4; i++) vertical[i] = taps[i], horizontal[i] = taps[4 + i];

  // The samples 2v - 1 .. 2v + 3 of a row lie this many times `pitch` from phase 0 of pixel v.
  constexpr int OFFSETS[5] = {-3, 0, 1, 4, 5};
  const bool has[5] = {v > 0, true, true, true, v + 1 < width};
  const TYPE::type* const column = z + (i64)v * 4 * pitch + c;
  const i64 row_pitch = (i64)(width + 1) * 4 * pitch;
  TYPE::Eight samples[5];
  float2 noises = make_float2(0, 0);
  auto load_row = [&](int r) {  // a z row, and the noise of the output row that it completes
    const TYPE::type* const row = column + (r >> 1) * row_pitch + (r & 1) * 2 * pitch;
    const bool inside = r >= 0 && r <= 2 * height;
#pragma unroll
    for (int e = 0; e < 5; e++) {
      samples[e] = TYPE::zeros();
      if (inside && has[e]) load(samples[e], row + OFFSETS[e] * pitch);
    }
    if (noise && r >= start + 2) noises = *(const float2*)(noise + ((i64)(r - 2) * width + v) * 2);
  };

  // z row r is part of output rows r - 2 .. r + 1; it completes the first, and sums hold the others.
  float sums[3][2][8] = {};
  load_row(start - 1);
#pragma unroll 1
  for (int r = start - 1; r <= end + 1; r++) {
    float filtered[2][8] = {};
#pragma unroll
    for (int e = 0; e < 5; e++) {
      float q[8];
      unpack(q, samples[e]);
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (e < 4) filtered[0][i] += horizontal[e] * q[i];
        if (e > 0) filtered[1][i] += horizontal[e - 1] * q[i];
      }
    }
    const float offsets[2] = {noises.x * ns, noises.y * ns};
    if (r <= end) load_row(r + 1);
#pragma unroll
    for (int j = 0; j < 2; j++) {
      float out[8];
#pragma unroll
      for (int i = 0; i < 8; i++) {
        const float f = filtered[j][i], fir = sums[0][j][i] + vertical[3] * f;
        sums[0][j][i] = sums[1][j][i] + vertical[2] * f;
        sums[1][j][i] = sums[2][j][i] + vertical[1] * f;
        sums[2][j][i] = vertical[0] * f;
        float a = fir * d[i] + (offsets[j] + b[i]);
        a = fmaxf(a, 0.2f * a);
        out[i] = limited(a, clamp) * n[i];
      }
      if (r >= start + 2) store8(y + (((i64)(r - 2) * width + v) * 2 + j) * pitch + c, out);
    }
  }
}
