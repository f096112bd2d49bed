// What follows StyleGAN2's convolutions, computed from a thread's sums before they are rounded, as
// modulated_act.cu does in a pass of its own (it has the formulas):
//   v = clamp(lrelu(sum * d + noise * strength + bias) * gain, +-clamp), stored times `next`
//   rgb = clamp(weight . (v * styles) + bias, +-clamp) + upsample2(previous rgb)
// ToRGB needs all channels of a pixel. Where a tile has only some, its share of the sum is stored
// instead, and torgb_skip_sums.cu does the rest: in that order always, so pictures can be made again.
//
// The kernel that includes this says where a thread's sums belong: BLOCKS, N_TILE, Sums, Pixel,
// pixel_of, Consumer and Tile.
//
// PHASE_CHANNELS > 0: four times as many channels are four phases of a picture twice as large, pixel
// (2y + p, 2x + q) being phase 2p + q of (y, x): weight_preparation.cu has the upsampling and its
// filter in such weights.
#pragma once
#include "element.cuh"
#include "lane_sums.cuh"
#include "upsampled.cuh"

constexpr float ACTIVATION_GAIN = 1.41421356f;  // lrelu(v) gain = lrelu(v gain)
constexpr int THREAD_PIXELS = 2 * BLOCKS, COLOUR_COUNT = RGB > 0 ? RGB : 1;
constexpr int COLOUR_ROOM = BLOCKS == 3 ? 8 : THREAD_PIXELS;  // a power of two, to be halved
typedef float Colours[COLOUR_ROOM][COLOUR_COUNT];

struct Epilogue {
  const float *demodulation, *bias, *next;  // per channel, zero beyond
  const float *noise, *strength;            // [height][width], or null; [1]
  // [RGB][rgb_channels], [rgb_channels], whole groups of 8, aligned; [RGB]
  const float *rgb_weight, *rgb_styles, *rgb_bias;
  const float* previous;  // [RGB][height / 2][width / 2], or null
  const float* taps;      // [2][4]: vertical and horizontal resampling taps, flipped, times 2
  float* rgb;             // [RGB][height][width], of PARTIAL_RGB one for each column of tiles; null
                          // where a frame needs no ToRGB, so that it takes no other kernel
  int rgb_channels;
  float clamp, rgb_gain;
};

// Constants of the channels whose sums a thread has; in lanes of four, neighbours have others.
struct Channels { float demodulation[8], bias[8], next[8], colours[COLOUR_COUNT][8]; };

DEVICE void load_values(float (&v)[8], const float* from, int count) {
  if (count == 8) return load8(v, from);
#pragma unroll
  for (int i = 0; i < count; i += 2) {
    const float2 pair = *(const float2*)(from + i);
    v[i] = pair.x, v[i + 1] = pair.y;
  }
}
DEVICE void load_channels(Channels& c, const Epilogue& epilogue, int first, int count) {
  load_values(c.demodulation, epilogue.demodulation + first, count);
  load_values(c.bias, epilogue.bias + first, count);
  if (STORE) load_values(c.next, epilogue.next + first, count);
#pragma unroll
  for (int i = 0; i < count; i++) {
    c.demodulation[i] *= ACTIVATION_GAIN;
    c.bias[i] *= ACTIVATION_GAIN;
  }
  if (RGB == 0) return;
  if (!epilogue.rgb) {
#pragma unroll
    for (int i = 0; i < RGB * 8; i++) c.colours[i / 8][i % 8] = 0;
    return;
  }
  float styles[8];
  load_values(styles, epilogue.rgb_styles + first, count);
#pragma unroll
  for (int o = 0; o < RGB; o++) {
    load_values(c.colours[o], epilogue.rgb_weight + o * epilogue.rgb_channels + first, count);
#pragma unroll
    for (int i = 0; i < count; i++) c.colours[o][i] *= styles[i] * epilogue.rgb_gain;
  }
}

// Turns `count` sums of a pixel into what is stored; adds their part of its colours.
DEVICE void activate(float (&v)[8], float (&colours)[COLOUR_COUNT], const Channels& c,
                     float offset, float clamp, int count) {
#pragma unroll
  for (int i = 0; i < count; i++) {
    float a = v[i] * c.demodulation[i] + (offset + c.bias[i]);
    a = clamp_magnitude(fmaxf(a, 0.2f * a), clamp);
#pragma unroll
    for (int o = 0; o < RGB; o++) colours[o] += a * c.colours[o][i];
    if (STORE) v[i] = a * c.next[i];
  }
}

// Pixels whose colours a thread stores, once the four lanes of each have added up.
constexpr int KEPT = COLOUR_ROOM > 4 ? COLOUR_ROOM / 4 : 1;
constexpr bool HAS_PREVIOUS = RGB > 0 && !PARTIAL_RGB;

DEVICE void store_colours(const Epilogue& epilogue, const float (&sums)[COLOUR_COUNT],
                          const float (&previous)[COLOUR_COUNT][4], Pixel at, int column,
                          int height, int width) {
  const i64 plane = (i64)height * width, pixel = (i64)at.y * width + at.x;
#if PARTIAL_RGB
#pragma unroll
  for (int o = 0; o < RGB; o++) epilogue.rgb[(column * RGB + o) * plane + pixel] = sums[o];
#else
  float weights[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const int vertical = (at.y & 1) + (i & 2), horizontal = (at.x & 1) + (i & 1) * 2;
    weights[i] = epilogue.previous ? epilogue.taps[vertical] * epilogue.taps[4 + horizontal] : 0.f;
  }
#pragma unroll
  for (int o = 0; o < RGB; o++) {
    float v = clamp_magnitude(sums[o] + epilogue.rgb_bias[o], epilogue.clamp);
#pragma unroll
    for (int i = 0; i < 4; i++) v += weights[i] * previous[o][i];
    epilogue.rgb[o * plane + pixel] = v;
  }
#endif
}
