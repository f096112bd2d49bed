// What follows StyleGAN2's convolutions, in one pass over the picture:
//   v = clamp(lrelu(x * d + noise * strength + bias) * gain, +-clamp)
//   y = v * next                      (input of the next convolution; STORE)
//   rgb = clamp(weight . (v * styles) + bias, +-clamp) + upsample2(previous rgb)        (RGB)
// d, bias, next are vectors of modulation.cu. ToRGB sits here because v is in registers: it saves
// reading the picture again, and y may carry the next styles, whatever they are.
//
// A pixel belongs to `lanes` neighbouring lanes of 8 channels each, CHUNKS times over; constants of
// those channels stay in registers while blocks stride over pixels. Memory-bound.
//
// Constants: TYPE Float or Half, CHUNKS (ceil(pitch / 256)), ACTIVATE (0: linear, gain 1), STORE,
// RGB: number of picture channels, 0 for none.
#include "element.cuh"

KERNEL __launch_bounds__(256) modulated_act(
    const TYPE::type* x, TYPE::type* y,  // [height][width][pitch]; may be the same
    const float* bias, const float* demodulation, const float* next,  // [pitch], zero beyond
    const float* noise,     // [height][width], or null
    const float* strength,  // [1]
    const float* rgb_weight, const float* rgb_styles, const float* rgb_bias,  // [RGB][channels] ..
    const float* previous,  // [RGB][height / 2][width / 2], or null
    const float* taps,      // [2][4]: vertical and horizontal resampling taps, flipped, times 2
    float* rgb,             // [RGB][height][width]
    int height, int width, int channels, int pitch, int lanes, float clamp, float rgb_gain) {
  const int lane = threadIdx.x & 31, sub = lane % lanes, per_warp = 32 / lanes;
  const int warp = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  const int warps = gridDim.x * (blockDim.x >> 5), pixels = height * width;
  const float gain = ACTIVATE ? 1.41421356f : 1.f, ns = noise ? *strength : 0.f;
  constexpr int COLOURS = RGB > 0 ? RGB : 1;
  float d[CHUNKS][8], b[CHUNKS][8], n[CHUNKS][8], w[CHUNKS][COLOURS][8];
#pragma unroll
  for (int k = 0; k < CHUNKS; k++) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
      const int c = (k * 32 + sub) * 8 + i;
      const bool inside = c < channels;
      d[k][i] = inside ? demodulation[c] : 0.f;
      b[k][i] = inside ? bias[c] : 0.f;
      n[k][i] = inside ? next[c] : 0.f;
#pragma unroll
      for (int o = 0; o < RGB; o++) {
        w[k][o][i] = inside ? rgb_weight[o * channels + c] * rgb_styles[c] * rgb_gain : 0.f;
      }
    }
  }
  for (int first = warp * per_warp; first < pixels; first += warps * per_warp) {
    const int pixel = first + lane / lanes;
    const float offset = noise && pixel < pixels ? noise[pixel] * ns : 0.f;
    float sums[COLOURS] = {};
#pragma unroll
    for (int k = 0; k < CHUNKS; k++) {
      const int c = (k * 32 + sub) * 8;
      if (pixel < pixels && c < pitch) {
        float v[8];
        load8(v, x + (i64)pixel * pitch + c);
#pragma unroll
        for (int i = 0; i < 8; i++) {
          float a = v[i] * d[k][i] + (offset + b[k][i]);
          if (ACTIVATE) a = (a < 0 ? 0.2f * a : a) * gain;
          a = fminf(fmaxf(a, -clamp), clamp);
#pragma unroll
          for (int o = 0; o < RGB; o++) sums[o] += a * w[k][o][i];
          v[i] = a * n[k][i];
        }
        if (STORE) store8(y + (i64)pixel * pitch + c, v);
      }
    }
    if (RGB == 0) continue;
    for (int mask = lanes >> 1; mask; mask >>= 1) {
#pragma unroll
      for (int o = 0; o < RGB; o++) sums[o] += lane_xor(sums[o], mask);
    }
    if (sub == 0 && pixel < pixels) {
      const int py = pixel / width, px = pixel % width, h = height / 2, q = width / 2;
      const int top = (py - 1) >> 1, left = (px - 1) >> 1;  // even: taps 0 and 2, odd: 1 and 3
      for (int o = 0; o < RGB; o++) {
        float v = fminf(fmaxf(sums[o] + rgb_bias[o], -clamp), clamp);
        if (previous) {
          for (int i = 0; i < 4; i++) {
            const int sy = top + (i >> 1), sx = left + (i & 1);
            if ((u32)sy < (u32)h && (u32)sx < (u32)q) {
              const float weight = taps[(py & 1) + 2 * (i >> 1)] * taps[4 + (px & 1) + 2 * (i & 1)];
              v += weight * previous[((i64)o * h + sy) * q + sx];
            }
          }
        }
        rgb[(i64)o * pixels + pixel] = v;
      }
    }
  }
}
