// Statistics of a layer's output, read once: mean, standard deviation and largest absolute value of
// all channels and of the shown ones, and whether all values are finite.
//
// `partial_statistics` leaves the sums of each block, `statistics` adds them up. Values
// are read in the order in which they lie: [pixels][channels] or [channels][pixels].
//
// Constants: TYPE Float or Half.
#include "element.cuh"

struct Source {
  const TYPE::type* x;
  i64 pixel_stride, channel_stride;  // [values]; one of them is 1
  int pixels, channels, first_shown, shown;  // shown channels are consecutive
};
struct Sums {
  float sum, squares, peak, shown_sum, shown_squares, shown_peak;
};

KERNEL __launch_bounds__(256) partial_statistics(const Source s, Sums* partial) {
  SHARED float parts[8][6];
  const bool is_planar = s.pixel_stride == 1;
  const u32 pixels = s.pixels, channels = s.channels;  // unsigned: together below 2^32
  float sums[6] = {};
  for (u32 i = blockIdx.x * 256 + threadIdx.x; i < pixels * channels; i += gridDim.x * 256) {
    const u32 channel = is_planar ? i / pixels : i % channels;
    const u32 pixel = is_planar ? i % pixels : i / channels;
    const float v = TYPE::load(s.x + pixel * s.pixel_stride + channel * s.channel_stride);
    // a peak of NaN must not get lost in fmaxf: it becomes infinity
    const float size = fabsf(v) <= 3.402823466e38f ? fabsf(v) : __uint_as_float(0x7f800000);
    const bool is_shown = channel - (u32)s.first_shown < (u32)s.shown;
    sums[0] += v, sums[1] += v * v, sums[2] = fmaxf(sums[2], size);
    if (is_shown) sums[3] += v, sums[4] += v * v, sums[5] = fmaxf(sums[5], size);
  }
#pragma unroll
  for (int k = 0; k < 6; k++) {
    const float v = k % 3 == 2 ? warp_max(sums[k]) : warp_sum(sums[k]);
    if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5][k] = v;
  }
  __syncthreads();
  if (threadIdx.x >= 6) return;
  const int k = threadIdx.x;
  float v = 0;
  for (int w = 0; w < 8; w++) v = k % 3 == 2 ? fmaxf(v, parts[w][k]) : v + parts[w][k];
  ((float*)(partial + blockIdx.x))[k] = v;
}

// One block of 192 threads, a warp each sum. values: is finite, then mean, standard deviation and
// peak of all, of the shown; then the latent. `copy` takes the same, or is null: memory of the host,
// which reads it when the frame is done, so that no transfer has to be asked for.
KERNEL __launch_bounds__(192) statistics(const Source s, const Sums* partial, int blocks,
                                         const float* latent, int latent_length, float* values,
                                         float* copy) {
  SHARED float totals[6];
  const int k = threadIdx.x >> 5, lane = threadIdx.x & 31;
  for (int i = threadIdx.x; i < latent_length; i += 192) {
    values[7 + i] = latent[i];
    if (copy) copy[7 + i] = latent[i];
  }
  float v = 0;
  for (int b = lane; b < blocks; b += 32) {
    const float part = ((const float*)(partial + b))[k];
    v = k % 3 == 2 ? fmaxf(v, part) : v + part;
  }
  v = k % 3 == 2 ? warp_max(v) : warp_sum(v);
  if (lane == 0) totals[k] = v;
  __syncthreads();
  if (threadIdx.x >= 2) return;
  const int of_shown = threadIdx.x;
  const float* const t = totals + 3 * of_shown;
  const float count = (float)s.pixels * (of_shown ? s.shown : s.channels);
  const float mean = t[0] / count;
  const float spread = sqrtf(fmaxf(t[1] / count - mean * mean, 0.f));
  const float is_finite = t[2] <= 3.402823466e38f ? 1.f : 0.f;
  float* places[2] = {values, copy};
#pragma unroll
  for (int p = 0; p < 2; p++) {
    if (!places[p]) continue;
    float* const to = places[p] + 1 + 3 * of_shown;
    to[0] = mean, to[1] = spread, to[2] = t[2];
    if (!of_shown) places[p][0] = is_finite;
  }
}
