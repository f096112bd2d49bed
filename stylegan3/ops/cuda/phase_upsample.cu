// StyleGAN2's upsampling convolution, second half: the 4-tap resampling filter over the transposed
// convolution's output, fused with what modulated_act.cu does after a convolution.
//   y = clamp(lrelu(fir(z) * d + noise * strength + bias) * gain, +-clamp) * next
// z comes as four phases (weight_preparation.cu): z[2u + py][2v + px] lies at [u][v][2 py + px][pitch],
// where rows and columns beyond 2 h (h, w: input size) are no samples. y is [2h][2w][pitch].
//
// A thread owns 8 channels of 2 output columns and walks down `strip` input rows, keeping the
// horizontally filtered rows that the next outputs need: each z row is loaded once a strip.
//
// Constants: TYPE Float or Half.
#include "element.cuh"

KERNEL __launch_bounds__(128) phase_upsample(
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
  const int first = thread / groups / width * strip, last = min(first + strip, height);
  const i64 row_pitch = (i64)(width + 1) * 4 * pitch;
  const float ns = noise ? *strength : 0.f;
  float d[8], b[8], n[8], vertical[4], horizontal[4];
  load8(d, demodulation + c);
  load8(b, bias + c);
  load8(n, next + c);
  for (int i = 0; i < 4; i++) vertical[i] = taps[i], horizontal[i] = taps[4 + i];

  float rows[4][2][8];  // filtered z rows, z row r in slot (r + 1) & 3
  auto load_row = [&](int r, float (&out)[2][8]) {
#pragma unroll
    for (int i = 0; i < 16; i++) out[i >> 3][i & 7] = 0;
    if (r < 0 || r > 2 * height) return;
#pragma unroll
    for (int e = 0; e < 5; e++) {
      const int s = 2 * v - 1 + e;
      if (s < 0 || s > 2 * width) continue;
      float q[8];
      load8(q, z + (r >> 1) * row_pitch + ((i64)(s >> 1) * 4 + (r & 1) * 2 + (s & 1)) * pitch + c);
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (e < 4) out[0][i] += horizontal[e] * q[i];
        if (e > 0) out[1][i] += horizontal[e - 1] * q[i];
      }
    }
  };
  // Output row r is the sum of z rows r - 1 .. r + 2. Slots repeat every 4 rows, and a strip starts
  // at an even row; so that slots are known at compile time, rows are numbered from the strip's.
  const int start = 2 * first;
  load_row(start - 1, rows[0]);
  load_row(start, rows[1]);
  load_row(start + 1, rows[2]);
  for (int top = start; top < 2 * last; top += 4) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int r = top + i;
      if (r >= 2 * last) break;
      load_row(r + 2, rows[(i + 3) & 3]);
#pragma unroll
      for (int j = 0; j < 2; j++) {
        const i64 pixel = (i64)r * 2 * width + 2 * v + j;
        const float offset = noise ? noise[pixel] * ns : 0.f;
        float out[8];
#pragma unroll
        for (int k = 0; k < 8; k++) {
          const float fir = vertical[0] * rows[i & 3][j][k] + vertical[1] * rows[(i + 1) & 3][j][k] +
                            vertical[2] * rows[(i + 2) & 3][j][k] +
                            vertical[3] * rows[(i + 3) & 3][j][k];
          float a = fir * d[k] + (offset + b[k]);
          a = (a < 0 ? 0.2f * a : a) * 1.41421356f;
          out[k] = fminf(fmaxf(a, -clamp), clamp) * n[k];
        }
        store8(y + pixel * pitch + c, out);
      }
    }
  }
}
