// StyleGAN3's last layer: a 1x1 convolution to a few channels, bias, clamp, output scale.
//
// x carries the styles already (the layer before multiplied them in). A pixel is read by `lanes`
// neighbouring lanes of 8 channels each, whose sums meet by shuffles: memory-bound. Output planar.
//
// Constants: IN_TYPE Float or Half, OUT_CHANNELS, CHUNKS (of 256 channels: ceil(pitch / 256)).
#include "element.cuh"

KERNEL __launch_bounds__(256) alias_free_torgb(
    const IN_TYPE::type* x,  // [pixels][pitch]
    float* y,                // [OUT_CHANNELS][pixels]
    const float* weight,     // [OUT_CHANNELS][channels]
    const float* bias,       // [OUT_CHANNELS]
    int pixels, int channels, int pitch, int lanes,  // lanes: power of two, 8 lanes >= pitch or 32
    float clamp, float output_scale) {
  const int lane = threadIdx.x & 31, sub = lane % lanes, per_warp = 32 / lanes;
  const int warp = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  const int warps = gridDim.x * (blockDim.x >> 5);
  float w[CHUNKS][OUT_CHANNELS][8];
#pragma unroll
  for (int k = 0; k < CHUNKS; k++) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
      const int c = (k * 32 + sub) * 8 + i;
#pragma unroll
      for (int o = 0; o < OUT_CHANNELS; o++) w[k][o][i] = c < channels ? weight[o * channels + c] : 0.f;
    }
  }
  for (int first = warp * per_warp; first < pixels; first += warps * per_warp) {
    const int pixel = first + lane / lanes;
    float sums[OUT_CHANNELS] = {};
#pragma unroll
    for (int k = 0; k < CHUNKS; k++) {
      const int c = (k * 32 + sub) * 8;
      if (pixel < pixels && c < pitch) {
        float v[8];
        load8(v, x + (i64)pixel * pitch + c);
#pragma unroll
        for (int i = 0; i < 8; i++) {
#pragma unroll
          for (int o = 0; o < OUT_CHANNELS; o++) sums[o] += v[i] * w[k][o][i];
        }
      }
    }
    for (int mask = lanes >> 1; mask; mask >>= 1) {
#pragma unroll
      for (int o = 0; o < OUT_CHANNELS; o++) sums[o] += lane_xor(sums[o], mask);
    }
    if (sub == 0 && pixel < pixels) {
#pragma unroll
      for (int o = 0; o < OUT_CHANNELS; o++) {
        const float v = fminf(fmaxf(sums[o] + bias[o], -clamp), clamp);
        y[(i64)o * pixels + pixel] = v * output_scale;
      }
    }
  }
}
