// What follows StyleGAN2's convolutions, in one pass over the picture:
//   v = clamp(lrelu(x * d + noise * strength + bias) * gain, +-clamp)
//   y = v * next                      (input of the next convolution; STORE)
//   rgb = clamp(weight . (v * styles) + bias, +-clamp) + upsample2(previous rgb)        (RGB)
// d, bias, next are vectors of modulation.cu. ToRGB sits here because v is in registers: it saves
// reading the picture again, and y may carry the next styles, whatever they are.
//
// A pixel belongs to LANES neighbouring lanes of 8 channels each, CHUNKS times over; constants of
// those channels stay in registers while blocks stride over pixels, several at a time. Memory-bound.
//
// Constants: TYPE Float or Half, LANES (power of two, 8 LANES >= pitch, or 32), CHUNKS
// (ceil(pitch / 256)), ACTIVATE (0: linear, gain 1), STORE, RGB: number of picture channels, 0 for none.
#include "element.cuh"
#include "lane_sums.cuh"
#include "upsampled.cuh"

// Of a lane at a time, so that many loads are under way.
constexpr int PIXELS = (CHUNKS == 1 ? 4 : 2) * (RGB > 0 ? 2 : 1);
constexpr int KEPT = PIXELS > LANES ? PIXELS / LANES : 1;
constexpr int PER_WARP = 32 / LANES;
constexpr int COLOURS = RGB > 0 ? RGB : 1;

// Constants of 512 channels take all the registers of a block that has its multiprocessor alone.
KERNEL __launch_bounds__(256, CHUNKS == 1 ? 2 : 1) modulated_act(
    const TYPE::type* x, TYPE::type* y,  // [height][width][pitch]; may be the same
    const float* bias, const float* demodulation, const float* next,  // [pitch], zero beyond
    const float* noise,     // [height][width], or null
    const float* strength,  // [1]
    const float* rgb_weight, const float* rgb_styles, const float* rgb_bias,  // [RGB][channels] ..
    const float* previous,  // [RGB][height / 2][width / 2], or null
    const float* taps,      // [2][4]: vertical and horizontal resampling taps, flipped, times 2
    float* rgb,             // [RGB][height][width]
    int height, int width, int channels, int pitch, float clamp, float rgb_gain) {
  const int lane = threadIdx.x & 31, sub = lane % LANES;
  const int warp = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  const int warps = gridDim.x * (blockDim.x >> 5), pixels = height * width;
  await_previous();
  // lrelu(v) gain = lrelu(v gain): the gain goes into the constants.
  const float gain = ACTIVATE ? 1.41421356f : 1.f, ns = noise ? *strength * gain : 0.f;
  float d[CHUNKS][8], b[CHUNKS][8], n[CHUNKS][8], w[CHUNKS][COLOURS][8];
#pragma unroll
  for (int k = 0; k < CHUNKS; k++) {
    const int c = (k * 32 + sub) * 8;
    load_eight_of(d[k], demodulation, c, channels);
    load_eight_of(b[k], bias, c, channels);
    if (STORE) load_eight_of(n[k], next, c, channels);
#pragma unroll
    for (int i = 0; i < 8; i++) d[k][i] *= gain, b[k][i] *= gain;
    if (RGB == 0) continue;
    float styles[8];
    load_eight_of(styles, rgb_styles, c, channels);
#pragma unroll
    for (int o = 0; o < RGB; o++) {
      load_eight_of(w[k][o], rgb_weight + o * channels, c, channels);
#pragma unroll
      for (int i = 0; i < 8; i++) w[k][o][i] *= styles[i] * rgb_gain;
    }
  }
  float resampling[2][4], rgb_constant[COLOURS];
#pragma unroll
  for (int i = 0; i < 8; i++) resampling[i >> 2][i & 3] = RGB > 0 && previous ? taps[i] : 0.f;
#pragma unroll
  for (int o = 0; o < RGB; o++) rgb_constant[o] = rgb_bias[o];

  for (int first = warp * PER_WARP * PIXELS; first < pixels; first += warps * PER_WARP * PIXELS) {
    TYPE::Eight loaded[PIXELS][CHUNKS];
    float offsets[PIXELS];
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
      const int pixel = first + p * PER_WARP + lane / LANES;
      offsets[p] = noise && pixel < pixels ? noise[pixel] : 0.f;
#pragma unroll
      for (int k = 0; k < CHUNKS; k++) {
        const int c = (k * 32 + sub) * 8;
        loaded[p][k] = TYPE::zeros();
        if (pixel < pixels && c < pitch) load(loaded[p][k], x + (i64)pixel * pitch + c);
      }
    }
    float sums[PIXELS][COLOURS] = {};
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
      const int pixel = first + p * PER_WARP + lane / LANES;
      const float offset = offsets[p] * ns;
#pragma unroll
      for (int k = 0; k < CHUNKS; k++) {
        const int c = (k * 32 + sub) * 8;
        float v[8];
        unpack(v, loaded[p][k]);
#pragma unroll
        for (int i = 0; i < 8; i++) {
          float a = v[i] * d[k][i] + (offset + b[k][i]);
          if (ACTIVATE) a = fmaxf(a, 0.2f * a);
          a = limited(a, clamp);
#pragma unroll
          for (int o = 0; o < RGB; o++) sums[p][o] += a * w[k][o][i];
          v[i] = a * n[k][i];
        }
        if (STORE && pixel < pixels && c < pitch) store8(y + (i64)pixel * pitch + c, v);
      }
    }
    if (RGB == 0) continue;
    const int kept = share_sums<LANES>(sums, sub);
#pragma unroll
    for (int p = 0; p < KEPT; p++) {
      const int pixel = first + (kept + p) * PER_WARP + lane / LANES;
      if (sub >= PIXELS || pixel >= pixels) continue;  // other lanes have the same sums
      const int row = pixel / width, column = pixel - row * width;
      const Upsampled upsampled(resampling, row, column, height / 2, width / 2);
      const int plane = (height / 2) * (width / 2);
#pragma unroll
      for (int o = 0; o < RGB; o++) {
        float v = limited(sums[p][o] + rgb_constant[o], clamp);
        if (previous) v += upsampled.of(previous + (i64)o * plane);
        rgb[(i64)o * pixels + pixel] = v;
      }
    }
  }
}
