// Filtered leaky ReLU of StyleGAN3 (Karras et al. 2021, appendix D), float16, channels last, with
// every filter pass on tensor cores and all passes chained through registers. sm_80 and later.
//
//   y = scale * down(clamp(lrelu(up(x + bias)), +-clamp))        bias, clamp, scale per channel
//
// Algorithm. A block owns 16 channels of a strip 32 output pixels wide and strip_height tall. Four
// warps filter, each 4 of the channels; a fifth loads input to shared memory and a sixth stores
// output, so that the others need not wait for memory, nor for each other. A warp walks down the
// strip in steps of 8 input rows; the 8 rows before them stay in registers. For each group of 16 rows
// of the oversampled signal and channel:
//   C[y'][x]   = UpV * X + bias     UpV is the A operand, the pixels are B
//   Z[y'][x']  = lrelu(C * UpH)     C's accumulators are, register for register, an A operand
//   W[xo][y']  = DownH * Z^T        and Z's are a B operand of the transposed product
//   O[xo][yo] += W * DownV          W's are an A operand again
// so only input and output pass through shared memory, and no halo is recomputed vertically.
// A filter that is no outer product (StyleGAN3-R's radial one) is a sum of RANK outer products.
// float16 accumulators: products have at most 3 k-steps, so only the rounding to float16 is lost.
//
// Why the zero padding outside the input needs no mask: bias is added everywhere, and pixels
// outside are loaded as -bias.
//
// Why most steps do not clamp: |Z| <= peak_gain * max |x + bias|, so one look at the 8 new input
// rows tells whether a step can reach the clamp at all.
//
// Layout. x [in_height][in_width][in_pitch], or in blocks of 16 channels,
// [channels / 16][in_height][in_width][16], which loads faster: the L2 cache answers so many
// requests and no more, and a request then loads 128 bytes of a row instead of 32.
// y [out_height][out_width][out_pitch]; its channels from `channels` to `out_pitch` are written as
// zero. Pitches are multiples of 8 channels (of 16 for speed: memory moves in sectors of 32 bytes).
// bias, clamp, scale have a multiple of 16 entries covering out_pitch.
//
// ToRGB. With COLOURS, y is not stored: the warp that stores output multiplies it by ToRGB's
// weights (filtered_lrelu_torgb.cuh), and stores for each 16 channels one part of the picture's
// sums, which torgb_partial_sums.cu adds up: 4 COLOURS bytes a pixel instead of 32.
//
// Constants: UP 2 or 4 (down is 2), RANK, CLAMP 0 or 1, SLOTS of input, AT_ONCE: how many of a warp's
// 4 channels are filtered side by side, to hide latencies; it takes registers. COLOURS 0 to 4.
#include "filtered_lrelu_filter.cuh"
#include "filtered_lrelu_pipeline.cuh"
#include "filtered_lrelu_torgb.cuh"

KERNEL __launch_bounds__(THREADS, 2) filtered_lrelu(
    const u16* x,
    void* y,  // float16, or with COLOURS [parts][COLOURS][out_height][out_width] float32
    const float* bias, const float* clamp, const float* scale,
    const u32* matrices,  // float16 pairs: up_v, up_h, up_h with halves swapped, down_h, down_v
    int channels, int in_height, int in_width,
    int in_channels,             // stored
    int in_pitch, int in_block,  // from a pixel, and from a block of 16 channels, to the next
    int out_height, int out_width, int out_pitch,
    int first_row, int first_column,  // of the input: of the first tap of output 0
    float peak_gain, int strip_height,
    const float* weight) {  // ToRGB's, with COLOURS: [COLOURS][channels]
  const int tid = threadIdx.x, lane = tid & 31, warp_index = tid >> 5;
  const int block_channel = blockIdx.y * 16, column = blockIdx.z * 32;
  const int top = blockIdx.x * strip_height, rows = min(out_height - top, strip_height);
  const int steps = ((rows + 7) / 8 + 1 + GROUPS - 1) / GROUPS;  // one group more than outputs
  const int filtering = max(min((channels - block_channel + 3) / 4, FILTERING), 1);
  const u32 shared = shared_start();
  const Handover handover = {shared + BARRIERS};

  // Tiles read pixels that no copy has written yet: zero taps, but NaN times zero is NaN.
  for (int i = tid; i < 12 * (SLOTS + 1); i += THREADS) {
    store_shared16(shared + i / 12 * SLOT + i % 12 * 16, make_uint4(0, 0, 0, 0));
  }
  if (block_channel + 16 > channels) {  // warps without a channel stage nothing
    for (int i = tid; i < 2 * OUT_SLOT / 16; i += THREADS) {
      store_shared16(shared + STAGING + i * 16, make_uint4(0, 0, 0, 0));
    }
  }
  if (tid == 0) handover.start(filtering);
  __syncthreads();

  const int half = lane & 1, pixel = lane >> 1, half_channel = block_channel + half * 8;
  if (warp_index < filtering) {
    const int channel = block_channel + warp_index * 4;
    filter_strip(shared, handover, matrices, bias + channel, clamp + channel, scale + channel,
                 peak_gain, warp_index, channels - channel, steps);
  } else if (warp_index == FILTERING) {
    const int in_column = 2 * column / UP + first_column + pixel;
    Input input;
    input.row = 2 * top / UP + first_row;
    input.height = in_height;
    input.blocks = steps + 1;
    input.row_length = (i64)in_width * in_pitch;
    input.apart = APART * in_pitch;
    input.source = x + (i64)blockIdx.y * in_block + half * 8 + input.row * input.row_length +
                   (i64)in_column * in_pitch;
    input.to = pixel * 32 + half * 16;
    await_previous();
    input.outside = outside_pixel(bias + half_channel);
#pragma unroll
    for (int k = 0; k < Input::SHARE; k++) {
      const bool needed = pixel + k * APART < COLUMNS;
      input.inside[k] = needed && half_channel < in_channels &&
                        (u32)(in_column + k * APART) < (u32)in_width;
      if (needed && !input.inside[k]) input.fill(shared, k);
    }
    load_strip(shared, handover, input, lane, steps);
  } else if (COLOURS > 0 && warp_index == FILTERING + 1) {
    float* const part = (float*)y + (i64)blockIdx.y * COLOURS * out_height * out_width;
    if (out_width % 4 == 0) {
      const Part<true> to(part, out_height, out_width, top, rows, column, lane);
      torgb_strip(shared, handover, to, weight, block_channel, channels, lane, steps);
    } else {
      const Part<false> to(part, out_height, out_width, top, rows, column, lane);
      torgb_strip(shared, handover, to, weight, block_channel, channels, lane, steps);
    }
  } else if (warp_index == FILTERING + 1) {
    Output output;
    output.row = -8;
    output.rows = rows;
    output.row_length = (i64)out_width * out_pitch;
    output.apart = APART * out_pitch;
    output.to = (u16*)y + (top - 8) * output.row_length + (i64)(column + pixel) * out_pitch +
                half_channel;
    output.from = pixel * 32 + half * 16;
#pragma unroll
    for (int k = 0; k < Output::SHARE; k++) {
      output.exists[k] = column + pixel + k * APART < out_width && half_channel < out_pitch;
    }
    await_previous();
    store_strip(shared, handover, output, lane, steps);
  }
}
