// A layer's output or a picture as RGBA8, straight into the display buffer.
//
//   value = x * scale (/ largest |x| of its channel, if normalised) * 127.5 + 128, in 0..255
//
// One thread a pixel. Where the statistics of the layer say that it is not finite, the last picture
// is repeated. `peaks` is filled by channel_peaks, which runs before where the picture is normalised.
// x is [channels][height][width] with any strides; grey names one channel three times.
//
// Constants: TYPE Float or Half.
#include "element.cuh"

struct Source {
  const TYPE::type* x;
  i64 channel_stride, row_stride, column_stride;  // [values]
  int height, width, channels[3];
  int alpha;  // its channel; -1: opaque
};

DEVICE float channel_at(const Source& s, int channel, int row, int column) {
  return TYPE::load(s.x + channel * s.channel_stride + row * s.row_stride +
                    column * s.column_stride);
}

DEVICE float value_at(const Source& s, int colour, int row, int column) {
  return channel_at(s, s.channels[colour], row, column);
}

// peaks [3], zeroed before; the y axis of the grid is the colour. Bits of absolute values, taken as
// integers, keep their order.
KERNEL channel_peaks(const Source source, u32* peaks) {
  float peak = 0;
  const int count = source.height * source.width, colour = blockIdx.y;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    const float v = fabsf(value_at(source, colour, i / source.width, i % source.width));
    if (fabsf(v) <= 3.402823466e38f) peak = fmaxf(peak, v);
  }
  peak = warp_max(peak);
  if ((threadIdx.x & 31) == 0) atomicMax(peaks + colour, __float_as_uint(peak));
}

KERNEL to_rgba8(const Source source, uchar4* rgba,  // [height][width]
                const u32* peaks,                   // [3] bits of floats, or null: not normalised
                const float* is_finite,             // [1] 0 or 1, or null: not asked
                const uchar4* last,                 // [height][width], or null: black
                float scale, int flip_h, int flip_v) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= source.height * source.width) return;
  if (is_finite && !(*is_finite > 0)) {
    rgba[i] = last ? last[i] : make_uchar4(0, 0, 0, 255);
    return;
  }
  const int row = i / source.width, column = i % source.width;
  const int y = flip_v ? source.height - 1 - row : row;
  const int x = flip_h ? source.width - 1 - column : column;
  unsigned char out[3];
#pragma unroll
  for (int c = 0; c < 3; c++) {
    float v = value_at(source, c, y, x);
    if (peaks) v /= fmaxf(__uint_as_float(peaks[c]), 1e-30f);
    out[c] = (unsigned char)fminf(fmaxf(v * scale * 127.5f + 128.f, 0.f), 255.f);
  }
  unsigned char alpha = 255;  // no normalisation, no gain
  if (source.alpha >= 0) {
    const float v = channel_at(source, source.alpha, y, x);
    alpha = (unsigned char)fminf(fmaxf(v * 127.5f + 128.f, 0.f), 255.f);
  }
  rgba[i] = make_uchar4(out[0], out[1], out[2], alpha);
}
