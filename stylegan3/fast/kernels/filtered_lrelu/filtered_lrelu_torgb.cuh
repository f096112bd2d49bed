// ToRGB in `filtered_lrelu.cu`, by the warp that takes staged rows away: of its block's 16 channels,
//
//   part = sum of weight * y
//
// What else ToRGB is, `torgb_partial_sums.cu` computes from all parts.
//
// A row of the strip is two products on tensor cores: A has 16 pixels by 16 channels, B 16 channels
// by 8 columns, two of each colour. One has its weights rounded to float16, the other what rounding
// took, enlarged so that float16 can hold it: together they are about as exact as float32. Weights
// are bounded by the largest float16. Accumulators are float32.
//
// Lane 4 g + t ends up with colour t of pixels 4 g to 4 g + 3, which are 16 bytes to store. On the
// way it has channels 4 t to 4 t + 3 of the same pixels; it loads pixel 4 g + (i ^ g % 4) as number
// i, so that lanes that load at once meet all banks.
#pragma once
#include "element.cuh"
#include "filtered_lrelu_layout.cuh"

constexpr float LARGEST_HALF = 65504.f;
constexpr float ENLARGED = 2048.f;

// B for the 16 channels from `first` on. Lane 4 g + t has channels 4 t to 4 t + 3 of column g.
DEVICE void load_weights(u32 (&b)[2], const float* weights, int first, int channels, int lane) {
  const int column = lane >> 2, colour = column >> 1, channel = first + (lane & 3) * 4;
  float values[4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const bool exists = colour < COLOURS && channel + i < channels;
    const float weight = exists ? weights[colour * channels + channel + i] : 0.f;
    const float bounded = limited(weight, LARGEST_HALF);
    values[i] = column & 1 ? (bounded - to_float(to_half(bounded))) * ENLARGED : bounded;
  }
  b[0] = to_half2(values[0], values[1]);
  b[1] = to_half2(values[2], values[3]);
}

DEVICE void exchange(float& a, float& b, bool is_wanted) {
  const float before = a;
  a = is_wanted ? b : a;
  b = is_wanted ? before : b;
}

// This lane's colour of its 4 pixels of a row.
DEVICE void multiply_row(float (&sums)[4], const uint2 (&y)[4], const u32 (&b)[2], int lane) {
#pragma unroll
  for (int m = 0; m < 4; m += 2) {
    const u32 a[4] = {y[m].x, y[m + 1].x, y[m].y, y[m + 1].y};
    float d[4];
    mma(d, a, b[0], b[1]);
    sums[m] = d[0] + d[1] * (1 / ENLARGED);
    sums[m + 1] = d[2] + d[3] * (1 / ENLARGED);
  }
  const bool is_odd = lane >> 2 & 1, is_second = lane >> 3 & 1;
  exchange(sums[0], sums[1], is_odd);
  exchange(sums[2], sums[3], is_odd);
  exchange(sums[0], sums[2], is_second);
  exchange(sums[1], sums[3], is_second);
}

// This lane's colour and pixels of a strip. WHOLE: the width is a multiple of 4, so that a lane has all
// of its pixels or none, and they are aligned.
template <bool WHOLE> struct Part {
  float* strip;     // its first row
  int width;        // of the picture [px]
  int rows, count;  // rows of the strip; how many of the 4 pixels the picture has

  __device__ __forceinline__ Part(float* part, int height, int width, int top, int rows,
                                  int column, int lane)
      : width(width), rows(rows) {
    const int colour = lane & 3, first = column + (lane >> 2) * 4;
    strip = part + ((i64)colour * height + top) * width + first;
    count = colour < COLOURS ? min(max(width - first, 0), 4) : 0;
  }
  __device__ __forceinline__ void store(const float (&values)[4], int row) const {
    if ((u32)row >= (u32)rows) return;
    float* const to = strip + (i64)row * width;
    if (WHOLE) {
      if (count > 0) *(float4*)to = make_float4(values[0], values[1], values[2], values[3]);
    } else {
#pragma unroll
      for (int k = 0; k < 4; k++) {
        if (k < count) to[k] = values[k];
      }
    }
  }
};

// Reads BATCH rows from the shared address `at` on.
constexpr int BATCH = 4;
DEVICE void read_rows(uint2 (&y)[BATCH][4], u32 at, int lane) {
  const int g = lane >> 2, t = lane & 3;
  const u32 own = (4 * g + (g & 3)) * 32 + t * 8;
#pragma unroll
  for (int row = 0; row < BATCH; row++, at += OUT_ROW) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      y[row][i] = load_shared8(at + (own ^ (swapped_half(row) + i * 32)));
    }
  }
}

// Multiplies all output of a strip: channels `first` to `first + 15` of `channels`.
template <bool WHOLE>
DEVICE void torgb_strip(u32 shared, const Handover& handover, const Part<WHOLE>& part,
                         const float* weight, int first, int channels, int lane, int steps) {
  u32 weights[2];
  load_weights(weights, weight, first, channels, lane);
  await_previous();
  int row = -8;
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    const u32 staging = shared + STAGING + (step & 1) * OUT_SLOT;
    handover.await_staged(step);
#pragma unroll 1  // as in Output::store
    for (int batch = 0; batch < STEP_ROWS; batch += BATCH) {
      uint2 y[BATCH][4];
      read_rows(y, staging + batch * OUT_ROW, lane);
      if (batch + BATCH == STEP_ROWS) tell(handover.drained(step), lane);
#pragma unroll
      for (int i = 0; i < BATCH; i++, row++) {
        float sums[4];
        multiply_row(sums, y[i], weights, lane);
        part.store(sums, row);
      }
    }
  }
}
