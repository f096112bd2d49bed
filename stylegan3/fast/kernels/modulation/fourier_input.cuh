// StyleGAN3's Fourier features (Karras et al. 2021, section 3.1 and appendix F), channels last, and the
// weights that convolve them, with the next layer's scale in their rows.
//
// The affine's output (rc, rs, tx, ty) over |(rc, rs)| and the user's transform move the grid:
// M = Rot(rc, rs) Trans(-tx, -ty) transform. Amplitudes fade frequencies that M pushes past the
// band limit. One thread a channel, blocks stride over pixels; turns are reduced to half a one before
// their sine is taken, which is then right to 4e-7.
#pragma once
#include "channel_scales.cuh"

struct FirstInput {
  int blocks, feature_blocks;  // of all blocks the first
  const float* affine;     // [4]
  const float* transform;  // [3][3]
  const float* freqs;      // [channels][2]
  const float* phases;     // [channels]
  const float* weight;     // [channels][channels], the live one
  const float* next_styles, *next_power;  // as in modulation.cu; styles null: next = 1
  OUT_TYPE::type* features;  // [height][width][pitch]
  OUT_TYPE::type* scaled;    // [channels or more][pitch]: weight / sqrt(channels) * next of its row
  int height, width, channels, pitch;
  float sampling_rate, bandwidth, next_gain;
};

DEVICE void write_features(const FirstInput& b) {
  const int groups = (b.pitch + 255) / 256, group = blockIdx.x % groups;
  const int c = group * 256 + threadIdx.x;
  const bool is_channel = c < b.channels;
  float transform[6];
#pragma unroll
  for (int i = 0; i < 6; i++) transform[i] = b.transform[i];
  const float f0 = is_channel ? b.freqs[2 * c] : 0.f, f1 = is_channel ? b.freqs[2 * c + 1] : 0.f;
  float phase = is_channel ? b.phases[c] : 0.f;
  const float third[3] = {b.transform[6], b.transform[7], b.transform[8]};
  await_previous();
  if (c >= b.pitch) return;
  float fx = 0, fy = 0, amplitude = 0;
  if (is_channel) {
    const float a0 = b.affine[0], a1 = b.affine[1], a2 = b.affine[2], a3 = b.affine[3];
    const float n = rsqrtf(fmaxf(a0 * a0 + a1 * a1, 1e-30f));
    const float rc = a0 * n, rs = a1 * n, tx = a2 * n, ty = a3 * n;
    const float motion[2][3] = {{rc, -rs, -rc * tx + rs * ty}, {rs, rc, -rs * tx - rc * ty}};
    float m[2][3];
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
      for (int j = 0; j < 3; j++) {
        m[i][j] = motion[i][0] * transform[j] + motion[i][1] * transform[3 + j] +
                  motion[i][2] * third[j];
      }
    }
    phase += f0 * m[0][2] + f1 * m[1][2];
    fx = f0 * m[0][0] + f1 * m[1][0];
    fy = f0 * m[0][1] + f1 * m[1][1];
    const float nyquist = b.sampling_rate * 0.5f;
    const float fade = (sqrtf(fx * fx + fy * fy) - b.bandwidth) / (nyquist - b.bandwidth);
    amplitude = fminf(fmaxf(1 - fade, 0.f), 1.f);
  }
  const int height = b.height, width = b.width, stride = b.feature_blocks / groups;
  const int stride_rows = stride / width, stride_columns = stride % width;
  const float half_pixel = 0.5f / b.sampling_rate;
  int row = blockIdx.x / groups / width, column = blockIdx.x / groups % width;
#pragma unroll 2
  for (; row < height; row += stride_rows, column += stride_columns) {
    if (column >= width) column -= width, row++;
    if (row >= height) break;
    const float gx = half_pixel * (2 * column + 1 - width);
    const float gy = half_pixel * (2 * row + 1 - height);
    float turns = gx * fx + gy * fy + phase;
    turns -= rintf(turns);
    const float wave = sin_approximate(6.28318531f * turns) * amplitude;
    OUT_TYPE::store(b.features + (row * width + column) * b.pitch + c, wave);
  }
}

constexpr int WEIGHTS = 16;  // that a lane loads ahead

// One warp a row.
DEVICE void scale_weights(const FirstInput& b) {
  const int o = (blockIdx.x - b.feature_blocks) * 8 + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  const float* const row = b.weight + (i64)o * b.channels;
  float weights[WEIGHTS];
#pragma unroll
  for (int k = 0; k < WEIGHTS; k++) {
    weights[k] = o < b.channels && lane + 32 * k < b.channels ? row[lane + 32 * k] : 0.f;
  }
  const float power = b.next_power ? *b.next_power : 1.f;
  await_previous();
  float scale = rsqrtf(b.channels);
  if (b.next_styles) {
    const VectorPart part = load_part(b.next_styles, b.channels);
    const float style = o < b.channels ? b.next_styles[o] : 0.f;
    const float sum = block_sums(squares(part, b.next_styles, b.channels), 0).x;
    scale *= style * next_norm(b.next_gain, sum / b.channels, power);
  }
  if (o >= b.channels) return;
  OUT_TYPE::type* const scaled = b.scaled + (i64)o * b.pitch;
#pragma unroll
  for (int k = 0; k < WEIGHTS; k++) {
    const int i = lane + 32 * k;
    if (i < b.channels) OUT_TYPE::store(scaled + i, weights[k] * scale);
  }
#pragma unroll 1
  for (int i = lane + 32 * WEIGHTS; i < b.channels; i += 32) {
    OUT_TYPE::store(scaled + i, row[i] * scale);
  }
}

DEVICE void write_first_input(const FirstInput& b) {
  if (blockIdx.x < b.feature_blocks) {
    write_features(b);
  } else {
    scale_weights(b);
  }
}
