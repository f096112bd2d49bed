// Per-channel vectors around every modulated convolution of a network, in one launch.
//
// A modulated convolution (Karras et al. 2020, section 2.2) is here: scale the input channels, convolve
// with shared normalised weights, scale the output channels. With w^ = w / rms(w row) / sqrt(fan),
// s^ = s / rms(s), and energy[o][i] = sum_k (w / rms)^2, the demodulation that w^ and s^ leave is
//   d[o] = sqrt(fan) r m rsqrt(r^2 m^2 sum_i energy[o][i] s^_i^2 + 1e-8)
// where r m = rms(w row) rms(s) for StyleGAN2, and 1 for StyleGAN3, which normalises both before.
// The input scale belongs to whoever writes the convolution's input: `next` of the layer before.
//   folded (StyleGAN3):  bias / d, clamp / d, d * correction * next   (filtered_lrelu.cu)
//   else (StyleGAN2):    bias, d, next                                (modulated_act.cu)
//
// One warp an output channel, 8 a block; `blocks` says which layer and channel a block starts with.
#include "primitives.cuh"

struct Layer {
  const float* energy;      // [out_channels][energy_pitch]; null: no demodulation, d = 1
  const float* row_rms;     // [out_channels]; null: r m = 1
  const float* styles;      // [in_channels]
  const float* bias;        // [out_channels]; null: 0
  const float* next_styles; // [out_channels] of the layer that reads the output; null: next = 1
  const float* next_power;  // running mean square of that layer's input (magnitude_ema), or null
  float *first, *second, *third;  // the three vectors
  int in_channels, out_channels, energy_pitch, folded;
  float fan_in, clamp, correction;
  float next_gain;  // 0: next styles are divided by their rms; else times this
};

DEVICE float mean_square(const float* v, int count, int lane) {
  float sum = 0;
  for (int i = lane; i < count; i += 32) sum += v[i] * v[i];
  return warp_sum(sum) / count;
}

constexpr int AHEAD = 16;  // energies that a lane loads while the kernel before still runs

KERNEL __launch_bounds__(256) modulation(const Layer* layers, const int2* blocks) {
  const Layer layer = layers[blocks[blockIdx.x].x];
  const int channel = blocks[blockIdx.x].y + (threadIdx.x >> 5), lane = threadIdx.x & 31;
  if (channel >= layer.out_channels) return;
  const float* const energy = layer.energy + (i64)channel * layer.energy_pitch;
  float ahead[AHEAD];
#pragma unroll
  for (int k = 0; k < AHEAD; k++) {
    const int i = lane + 32 * k;
    ahead[k] = layer.energy && i < layer.in_channels ? energy[i] : 0.f;
  }
  await_previous();
  float d = 1;
  if (layer.energy) {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < AHEAD; k++) {
      const float style = lane + 32 * k < layer.in_channels ? layer.styles[lane + 32 * k] : 0.f;
      sum += ahead[k] * style * style;
    }
    for (int i = lane + 32 * AHEAD; i < layer.in_channels; i += 32) {
      sum += energy[i] * layer.styles[i] * layer.styles[i];
    }
    const float power = mean_square(layer.styles, layer.in_channels, lane) + 1e-8f;
    const float q = warp_sum(sum) / power;
    const float r = layer.row_rms ? layer.row_rms[channel] * sqrtf(power) : 1.f;
    d = sqrtf(layer.fan_in) * r * rsqrtf(r * r * q + 1e-8f);
  }
  float next = 1;
  if (layer.next_styles) {
    next = layer.next_styles[channel];
    if (layer.next_gain == 0) {
      next *= rsqrtf(mean_square(layer.next_styles, layer.out_channels, lane) + 1e-8f);
    } else {
      next *= layer.next_gain;
    }
    if (layer.next_power) next *= rsqrtf(fmaxf(*layer.next_power, 1e-8f));
  }
  if (lane) return;
  const float bias = layer.bias ? layer.bias[channel] : 0.f;
  if (layer.folded) d = fmaxf(d, 1e-8f);
  layer.first[channel] = layer.folded ? bias / d : bias;
  layer.second[channel] = layer.folded ? layer.clamp / d : d;
  layer.third[channel] = layer.folded ? d * layer.correction * next : next;
}
