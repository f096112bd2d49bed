// StyleGAN3's last layer: a 1x1 convolution to a few channels, bias, clamp, output scale; where
// filtered_lrelu.cu before it does not leave its sums.
//
// x carries the styles already (the layer before multiplied them in). A pixel is read by LANES
// neighbouring lanes of 8 channels each, CHUNKS times over, several pixels at a time: memory-bound.
// Output planar.
//
// Constants: IN_TYPE Float or Half, OUT_CHANNELS, LANES (power of two, 8 LANES >= pitch, or 32),
// CHUNKS (of 256 channels: ceil(pitch / 256)).
#include "element.cuh"
#include "lane_sums.cuh"

constexpr int PIXELS = CHUNKS == 1 ? 8 : 4;  // of a lane at a time: loads under way
constexpr int KEPT = PIXELS > LANES ? PIXELS / LANES : 1;
constexpr int PER_WARP = 32 / LANES;

KERNEL __launch_bounds__(256, 2) torgb_convolution(
    const IN_TYPE::type* x,  // [pixels][pitch]
    float* y,                // [OUT_CHANNELS][pixels]
    const float* weight,     // [OUT_CHANNELS][channels]
    const float* bias,       // [OUT_CHANNELS]
    int pixels, int channels, int pitch, float clamp, float output_scale) {
  const int lane = threadIdx.x & 31, sub = lane % LANES;
  const int warp = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5);
  const int warps = gridDim.x * (blockDim.x >> 5);
  float w[CHUNKS][OUT_CHANNELS][8], b[OUT_CHANNELS];
#pragma unroll
  for (int o = 0; o < OUT_CHANNELS; o++) {
    b[o] = bias[o];
#pragma unroll
    for (int k = 0; k < CHUNKS; k++) {
      load_eight_of(w[k][o], weight + o * channels, (k * 32 + sub) * 8, channels);
    }
  }
  await_previous();
  for (int first = warp * PER_WARP * PIXELS; first < pixels; first += warps * PER_WARP * PIXELS) {
    IN_TYPE::Eight loaded[PIXELS][CHUNKS];
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
      const int pixel = first + p * PER_WARP + lane / LANES;
#pragma unroll
      for (int k = 0; k < CHUNKS; k++) {
        const int c = (k * 32 + sub) * 8;
        loaded[p][k] = IN_TYPE::zeros();
        if (pixel < pixels && c < pitch) load(loaded[p][k], x + (i64)pixel * pitch + c);
      }
    }
    float sums[PIXELS][OUT_CHANNELS] = {};
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
#pragma unroll
      for (int k = 0; k < CHUNKS; k++) {
        float v[8];
        unpack(v, loaded[p][k]);
#pragma unroll
        for (int i = 0; i < 8; i++) {
#pragma unroll
          for (int o = 0; o < OUT_CHANNELS; o++) sums[p][o] += v[i] * w[k][o][i];
        }
      }
    }
    const int kept = share_sums<LANES>(sums, sub);
#pragma unroll
    for (int p = 0; p < KEPT; p++) {
      const int pixel = first + (kept + p) * PER_WARP + lane / LANES;
      if (sub >= PIXELS || pixel >= pixels) continue;  // other lanes have the same sums
#pragma unroll
      for (int o = 0; o < OUT_CHANNELS; o++) {
        y[(i64)o * pixels + pixel] = limited(sums[p][o] + b[o], clamp) * output_scale;
      }
    }
  }
}
