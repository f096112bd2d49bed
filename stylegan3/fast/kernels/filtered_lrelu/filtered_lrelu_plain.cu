// Filtered leaky ReLU in plain float32 arithmetic: any factors and taps, float16 or float32
// storage, every GPU. The specification of filtered_lrelu.cu, and its stand-in where that one does
// not apply; per-channel vectors and layout are the same.
//
// A block computes TILE x TILE outputs of 8 channels through shared memory, one axis at a time:
//   rows [IN][TMP]   upsampled horizontally
//   full [TMP][TMP]  upsampled vertically, activated
//   then either the 2-D filter, or columns [TMP][TILE] (over `rows`) and outputs.
//
// Constants: IN_TYPE, OUT_TYPE Float or Half, UP, DOWN, UP_TAPS, DOWN_TAPS, IS_2D, TILE.
#include "element.cuh"

constexpr int CHANNELS = 8;
constexpr int TMP = (TILE - 1) * DOWN + DOWN_TAPS;
constexpr int IN = (TMP + UP_TAPS - 2) / UP + 1;
constexpr int ROWS_SIZE = (IN > TILE ? IN : TILE) * TMP;  // `columns` needs TMP * TILE

DEVICE int divide_up(int a, int b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

KERNEL __launch_bounds__(256) filtered_lrelu_plain(
    const IN_TYPE::type* x, OUT_TYPE::type* y, const float* bias, const float* clamp,
    const float* scale, const float* up_filter,  // [UP_TAPS] flipped, times UP
    const float* down_filter,                    // [DOWN_TAPS] or [DOWN_TAPS][DOWN_TAPS], flipped
    int channels, int in_height, int in_width, int in_pitch, int out_height, int out_width,
    int out_pitch, int pad_x, int pad_y, float gain, float slope) {
  float* const rows = shared_floats();
  float* const full = rows + ROWS_SIZE * CHANNELS;
  const int c = threadIdx.x % CHANNELS, channel = blockIdx.x * CHANNELS + c;
  const int first = threadIdx.x / CHANNELS, stride = blockDim.x / CHANNELS;
  const int out_x = blockIdx.y * TILE, out_y = blockIdx.z * TILE;
  const int tmp_x = out_x * DOWN, tmp_y = out_y * DOWN;
  const int in_x = divide_up(tmp_x - pad_x, UP), in_y = divide_up(tmp_y - pad_y, UP);
  const bool active = channel < channels;
  await_previous();
  const float b = active ? bias[channel] : 0.f, limit = active ? clamp[channel] : 0.f;

  for (int i = first; i < IN * TMP; i += stride) {
    const int row = in_y + i / TMP, t = tmp_x + i % TMP;
    float sum = 0;
    if (active && (u32)row < (u32)in_height) {
      // tap j meets input column (t + j - pad_x) / UP where that is whole
      const int column = divide_up(t - pad_x, UP);
      for (int k = 0, j = column * UP + pad_x - t; j < UP_TAPS; k++, j += UP) {
        if ((u32)(column + k) < (u32)in_width) {
          const i64 at = ((i64)row * in_width + column + k) * in_pitch + channel;
          sum += up_filter[j] * (IN_TYPE::load(x + at) + b);
        }
      }
    }
    rows[i * CHANNELS + c] = sum;
  }
  __syncthreads();
  for (int i = first; i < TMP * TMP; i += stride) {
    const int t = tmp_y + i / TMP, row = divide_up(t - pad_y, UP);
    float sum = 0;
    for (int k = 0, j = row * UP + pad_y - t; j < UP_TAPS; k++, j += UP) {
      const int r = row + k - in_y;
      if (r < IN) sum += up_filter[j] * rows[(r * TMP + i % TMP) * CHANNELS + c];
    }
    sum = (sum < 0 ? sum * slope : sum) * gain;
    full[i * CHANNELS + c] = limited(sum, limit);
  }
  __syncthreads();
  if (!IS_2D) {
    for (int i = first; i < TMP * TILE; i += stride) {
      const float* from = full + ((i / TILE) * TMP + i % TILE * DOWN) * CHANNELS + c;
      float sum = 0;
      for (int j = 0; j < DOWN_TAPS; j++) sum += down_filter[j] * from[j * CHANNELS];
      rows[i * CHANNELS + c] = sum;
    }
    __syncthreads();
  }
  for (int i = first; i < TILE * TILE; i += stride) {
    const int oy = i / TILE, ox = i % TILE;
    float sum = 0;
    if (IS_2D) {
      for (int j = 0; j < DOWN_TAPS; j++) {
        const float* from = full + ((oy * DOWN + j) * TMP + ox * DOWN) * CHANNELS + c;
        for (int k = 0; k < DOWN_TAPS; k++) {
          sum += down_filter[j * DOWN_TAPS + k] * from[k * CHANNELS];
        }
      }
    } else {
      const float* from = rows + (oy * DOWN * TILE + ox) * CHANNELS + c;
      for (int j = 0; j < DOWN_TAPS; j++) sum += down_filter[j] * from[j * TILE * CHANNELS];
    }
    if (out_y + oy < out_height && out_x + ox < out_width && channel < out_pitch) {
      const i64 at = ((i64)(out_y + oy) * out_width + out_x + ox) * out_pitch + channel;
      OUT_TYPE::store(y + at, active ? sum * scale[channel] : 0.f);
    }
  }
}
