// Per-channel vectors around every modulated convolution of a network, in one launch, and beside them
// what else waits for nothing but styles: the picture that the first convolution reads.
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
// A warp has ROWS output channels, a block 8 warps; `blocks` says which layer and channel a block
// starts with. Little to compute and to read: what counts is how many reads wait for each other. So
// all that no kernel of a frame writes is asked for while the kernel before still runs, and the styles
// are asked for at once, by the whole block.
//
// Constants: ROWS 1 or 2, FIRST_INPUT 0, 1: constant_input.cuh, 2: fourier_input.cuh; with these
// OUT_TYPE, Float or Half.
#include "channel_scales.cuh"
#include "element.cuh"
#if FIRST_INPUT == 1
#include "constant_input.cuh"
#elif FIRST_INPUT == 2
#include "fourier_input.cuh"
#else
struct FirstInput { int blocks; };
DEVICE void write_first_input(const FirstInput&) {}
#endif

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

constexpr int AHEAD = 32 / ROWS;  // energies of a channel that a lane loads ahead
constexpr int LEAST = 32 * AHEAD > 1024 ? 32 * AHEAD : 1024;  // values in shared memory

DEVICE void modulate(const Layer& layer, int first_channel) {
  const int channel = first_channel + (threadIdx.x >> 5) * ROWS, lane = threadIdx.x & 31;
  const int ins = layer.in_channels, outs = layer.out_channels;
  float energies[ROWS][AHEAD];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const bool has_energy = layer.energy && channel + r < outs;
    const float* const row = layer.energy + (i64)(channel + r) * layer.energy_pitch;
#pragma unroll
    for (int k = 0; k < AHEAD; k++) {
      energies[r][k] = has_energy && lane + 32 * k < ins ? row[lane + 32 * k] : 0.f;
    }
  }
  // From here on lane r speaks for channel r of the warp.
  const int own = channel + lane;
  const bool speaks = lane < ROWS && own < outs;
  const float row_rms = speaks && layer.row_rms ? layer.row_rms[own] : 0.f;
  const float bias = speaks && layer.bias ? layer.bias[own] : 0.f;
  const float next_power = layer.next_power ? *layer.next_power : 1.f;
  const float* const style_vector = layer.energy ? layer.styles : nullptr;
  const float* const next_vector = layer.next_styles;
  await_previous();
  const VectorPart styles = load_part(style_vector, style_vector ? ins : 0);
  const VectorPart next = load_part(next_vector, next_vector ? outs : 0);
  const float own_next = speaks && next_vector ? next_vector[own] : 1.f;
  float* const style_squares = shared_floats();
#pragma unroll
  for (int k = 0; k < 4; k++) {
    style_squares[threadIdx.x + 256 * k] = styles.values[k] * styles.values[k];
  }
#pragma unroll 1
  for (int i = threadIdx.x + 1024; style_vector && i < ins; i += 256) {
    style_squares[i] = style_vector[i] * style_vector[i];
  }
  const float2 sums = block_sums(squares(styles, style_vector, style_vector ? ins : 0),
                                 squares(next, next_vector, next_vector ? outs : 0));
  float dots[ROWS] = {}, dot = 0;
#pragma unroll
  for (int k = 0; k < AHEAD; k++) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) dots[r] += energies[r][k] * style_squares[lane + 32 * k];
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const bool has_energy = layer.energy && channel + r < outs;
    const float* const row = layer.energy + (i64)(channel + r) * layer.energy_pitch;
#pragma unroll 1
    for (int i = lane + 32 * AHEAD; has_energy && i < ins; i += 32) {
      dots[r] += row[i] * style_squares[i];
    }
    dots[r] = warp_sum(dots[r]);
    if (lane == r) dot = dots[r];
  }
  if (!speaks) return;
  float d = 1;
  if (layer.energy) {
    const float power = sums.x / ins + 1e-8f;
    const float r = layer.row_rms ? row_rms * sqrtf(power) : 1.f;
    d = sqrtf(layer.fan_in) * r * rsqrtf(r * r * (dot / power) + 1e-8f);
  }
  float scale = own_next;
  if (next_vector) scale *= next_norm(layer.next_gain, sums.y / outs, next_power);
  if (layer.folded) d = fmaxf(d, 1e-8f);
  layer.first[own] = layer.folded ? bias / d : bias;
  layer.second[own] = layer.folded ? layer.clamp / d : d;
  layer.third[own] = layer.folded ? d * layer.correction * scale : scale;
}

KERNEL __launch_bounds__(256, 4) modulation(
    const Layer* layers, const int2* blocks, const FirstInput first_input) {
  if (blockIdx.x < first_input.blocks) {  // these take longest
    write_first_input(first_input);
  } else {
    const int2 block = blocks[blockIdx.x - first_input.blocks];
    modulate(layers[block.x], block.y);
  }
}
