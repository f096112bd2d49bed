// StyleGAN2's learned constant with the first convolution's styles multiplied in, channels last. Read
// where it lives, so that an edit needs no copy.
#pragma once
#include "channel_scales.cuh"

struct FirstInput {
  int blocks;
  const float* constant;     // [channels][pixels]
  const float* next_styles;  // [channels]
  OUT_TYPE::type* y;         // [pixels][pitch]
  int pixels, channels, pitch;
};

constexpr int CONSTANTS = 4;  // of a thread

DEVICE void write_first_input(const FirstInput& b) {
  const int first = blockIdx.x * 256 * CONSTANTS + threadIdx.x;
  float constants[CONSTANTS];
#pragma unroll
  for (int k = 0; k < CONSTANTS; k++) {
    const int i = first + 256 * k, pixel = i / b.pitch, c = i % b.pitch;
    constants[k] = pixel < b.pixels && c < b.channels ? b.constant[c * b.pixels + pixel] : 0.f;
  }
  await_previous();
  const VectorPart part = load_part(b.next_styles, b.channels);
  float styles[CONSTANTS];
#pragma unroll
  for (int k = 0; k < CONSTANTS; k++) {
    const int c = (first + 256 * k) % b.pitch;
    styles[k] = c < b.channels ? b.next_styles[c] : 0.f;
  }
  const float sum = block_sums(squares(part, b.next_styles, b.channels), 0).x;
  const float norm = next_norm(0, sum / b.channels, 1);
#pragma unroll
  for (int k = 0; k < CONSTANTS; k++) {
    const int i = first + 256 * k;
    if (i < b.pixels * b.pitch) OUT_TYPE::store(b.y + i, constants[k] * styles[k] * norm);
  }
}
