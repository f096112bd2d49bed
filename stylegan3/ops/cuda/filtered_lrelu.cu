// Filtered leaky ReLU of StyleGAN3 (Karras et al. 2021, appendix D), float16, channels last, with
// every filter pass on tensor cores and all passes chained through registers. sm_80 and later.
//
//   y = scale * down(clamp(lrelu(up(x + bias)), +-clamp))        bias, clamp, scale per channel
//
// Algorithm. A block of 4 warps owns 16 channels of a strip 32 output pixels wide and strip_height
// tall, a warp 4 of the channels. It walks down the strip in steps of 8 input rows; the 8 rows
// before them stay in registers. For each group of 16 rows of the oversampled signal and channel:
//   C[y'][x]   = UpV * X + bias     UpV is the A operand, the pixels are B
//   Z[y'][x']  = C * UpH            C's accumulators are, register for register, an A operand
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
// requests and no more, and a request then brings 128 bytes of a row instead of 32.
// y [out_height][out_width][out_pitch]; its channels from `channels` to `out_pitch` are written as
// zero. Pitches are multiples of 8 channels (of 16 for speed: memory moves in sectors of 32 bytes).
// bias, clamp, scale have a multiple of 16 entries covering out_pitch. In shared memory a pixel is
// 32 bytes of 16 channels, its halves swapped in every second pair of rows (bank conflicts).
//
// Constants: UP 2 or 4 (down is 2), RANK, CLAMP 0 or 1, SLOTS input slots, MIN_BLOCKS per SM: with
// 2 there are registers to filter the 4 channels side by side, with 3 more warps hide latencies.
#include "primitives.cuh"

constexpr int THREADS = 128;
constexpr int GROUPS = UP / 2;                // groups of 16 oversampled rows per step
constexpr int STEP_ROWS = 8 * GROUPS;         // output rows that a step completes
constexpr int COLUMNS = UP == 2 ? 42 : 24;    // input pixels across that a strip needs
constexpr int TILES = UP == 2 ? 6 : 3;        // ... in tiles of 8; what lies beyond meets zero taps
constexpr bool SIDE_BY_SIDE = MIN_BLOCKS <= 2;
constexpr u32 SLOPE = 0x32663266u;            // 0.2, 0.2

// Shared memory [bytes].
constexpr int ROW = COLUMNS * 32;               // a row of input
constexpr int SLOT = 8 * ROW;
constexpr int PAST_END = SLOTS * SLOT;          // zeros: tiles reach past the last row
constexpr int STAGING = PAST_END + 192;         // two steps' outputs
constexpr int OUT_ROW = 32 * 32;
constexpr int OUT_SLOT = STEP_ROWS * OUT_ROW;
constexpr int SAFE = STAGING + 2 * OUT_SLOT;    // [16] largest |x| with which no clamp acts
constexpr int LIMITS = SAFE + 32;               // [16] clamp, twice
constexpr int BIASES = LIMITS + 64;             // [16][UP] bias as UpV's rows leave it, four times

// Filter matrices, as this lane's registers of the mma operands.
struct Filters {
  u32 up_v[GROUPS][4], up_h[UP][2], down_h[RANK][3][4], down_v[RANK][2][2];
};

DEVICE void load_a(u32 (&a)[4], const u32* matrix, int g, int t) {  // [16][16]
  for (int q = 0; q < 4; q++) a[q] = matrix[(g + 8 * (q & 1)) * 8 + t + 4 * (q >> 1)];
}
DEVICE void load_b(u32 (&b)[2], const u32* matrix, int g, int t) {  // transposed, [8][16]
  for (int q = 0; q < 2; q++) b[q] = matrix[g * 8 + t + 4 * q];
}
DEVICE void load_filters(Filters& f, const u32* matrices, int g, int t) {
#pragma unroll
  for (int i = 0; i < GROUPS; i++, matrices += 128) load_a(f.up_v[i], matrices, g, t);
#pragma unroll
  for (int i = 0; i < UP; i++, matrices += 64) load_b(f.up_h[i], matrices, g, t);
#pragma unroll
  for (int i = 0; i < RANK * 3; i++, matrices += 128) load_a(f.down_h[i / 3][i % 3], matrices, g, t);
#pragma unroll
  for (int i = 0; i < RANK * 2; i++, matrices += 64) load_b(f.down_v[i / 2][i % 2], matrices, g, t);
}

// One 16-row group of one channel: `done` completes the outputs begun by the group before (`open`,
// which receives those that the next group completes). Both [2 x 16 columns][rows g, g + 8 of O].
template <bool CLAMPED>
DEVICE void filter_group(const Filters& f, const u32 (&up_v)[4], const u32 (&above)[TILES],
                         const u32 (&below)[TILES], uint2 bias, u32 limit, u32 (&done)[2][2],
                         u32 (&open)[2][2]) {
  u32 c[TILES + 1][2], z[10][2];
#pragma unroll
  for (int n = 0; n < TILES; n++) mma(c[n], up_v, above[n], below[n], bias.x, bias.y);
  c[TILES][0] = c[TILES][1] = 0;
#pragma unroll
  for (int n = 0; n < 10; n++) {
    const int w = n / UP;
    const u32 a[4] = {c[w][0], c[w][1], c[w + 1][0], c[w + 1][1]};
    mma(z[n], a, f.up_h[n % UP][0], f.up_h[n % UP][1], 0, 0);
#pragma unroll
    for (int j = 0; j < 2; j++) {
      z[n][j] = max2(z[n][j], multiply2(z[n][j], SLOPE));
      if (CLAMPED) z[n][j] = clamp2(z[n][j], limit);
    }
  }
#pragma unroll
  for (int m = 0; m < 2; m++) {
    u32 next[2] = {0, 0};
#pragma unroll
    for (int r = 0; r < RANK; r++) {
      u32 w[2][2];
#pragma unroll
      for (int h = 0; h < 2; h++) {
        mma(w[h], f.down_h[r][0], z[4 * m][h], z[4 * m + 1][h], 0, 0);
#pragma unroll
        for (int k = 1; k < 3; k++) {
          mma(w[h], f.down_h[r][k], z[4 * m + 2 * k][h], z[4 * m + 2 * k + 1][h], w[h][0], w[h][1]);
        }
      }
      const u32 a[4] = {w[0][0], w[0][1], w[1][0], w[1][1]};
      u32 (&sum)[2] = r == 0 ? open[m] : done[m];
      mma(done[m], a, f.down_v[r][1][0], f.down_v[r][1][1], sum[0], sum[1]);
      mma(next, a, f.down_v[r][0][0], f.down_v[r][0][1], next[0], next[1]);
    }
    open[m][0] = next[0];
    open[m][1] = next[1];
  }
}

// Reads 8 rows of this warp's 4 channels as B operands, x[channel][tile]; tells whether a value of
// them, in any lane, exceeds `safe`.
DEVICE bool read_pixels(u32 (&x)[4][TILES], u32 at, uint2 safe) {
  u32 peak01 = 0, peak23 = 0;
#pragma unroll
  for (int n = 0; n < TILES; n++) {
    const uint2 upper = load_shared8(at + n * 256), lower = load_shared8(at + n * 256 + ROW);
    x[0][n] = pair_low(upper.x, lower.x);
    x[1][n] = pair_high(upper.x, lower.x);
    x[2][n] = pair_low(upper.y, lower.y);
    x[3][n] = pair_high(upper.y, lower.y);
    if (CLAMP) {
      peak01 = max_magnitude2(max_magnitude2(peak01, upper.x), lower.x);
      peak23 = max_magnitude2(max_magnitude2(peak23, upper.y), lower.y);
    }
  }
  return CLAMP && warp_any(exceeds2(peak01, safe.x) || exceeds2(peak23, safe.y));
}

// Eight channels of -bias.
DEVICE uint4 outside_pixel(const float* bias) {
  float b[8];
  for (int i = 0; i < 8; i++) b[i] = -bias[i];
  return make_uint4(to_half2(b[0], b[1]), to_half2(b[2], b[3]), to_half2(b[4], b[5]),
                    to_half2(b[6], b[7]));
}

// A thread's share of copying 8 input rows: half a pixel (16 bytes) of every STRIDE-th row.
struct Loader {
  static constexpr int HALVES = 2 * COLUMNS, STRIDE = THREADS / HALVES;
  const u16* source;  // at row `row`
  i64 row_length;     // [float16 values]
  const float* bias;  // of these 8 channels
  u32 to;             // offset in a slot, for the rows whose halves are not swapped
  int row, height;
  int blocks;         // of 8 rows still to load; 0 for threads without a share

  __device__ __forceinline__ void load(u32 slot) {
    if (blocks > 0) {
      blocks--;
      const u16* from = source;
      if (row >= 0 && row + 8 - STRIDE < height) {
#pragma unroll
        for (int i = 0; i < 8; i += STRIDE, from += STRIDE * row_length) {
          copy_async16(address(slot, i), from);
        }
      } else {
#pragma unroll 1
        for (int i = 0; i < 8; i += STRIDE, from += STRIDE * row_length) {
          if ((u32)(row + i) < (u32)height) {
            copy_async16(address(slot, i), from);
          } else {
            store_shared16(address(slot, i), outside_pixel(bias));
          }
        }
      }
      source += 8 * row_length;
      row += 8;
    }
    copy_async_commit();
  }
  // For a column outside the input: what load() would do, once for all blocks.
  __device__ __forceinline__ void fill(u32 ring) {
    const uint4 pixel = outside_pixel(bias);
    for (int slot = 0; slot < SLOTS; slot++) {
      for (int i = 0; i < 8; i += STRIDE) store_shared16(address(ring + slot * SLOT, i), pixel);
    }
    blocks = 0;
  }
  __device__ __forceinline__ u32 address(u32 slot, int i) const {
    return slot + (to ^ ((i >> 1 & 1) << 4)) + i * ROW;
  }
};

// What a warp needs to filter its 4 channels.
struct Warp {
  int count;            // of channels, up to 4; 0 or less: the warp only helps to load and store
  u32 biases, limits;   // shared addresses of its first channel's, as this lane needs them
  u32 scale01, scale23;
};

// Filters 8 more input rows and stages the outputs that they complete.
template <bool CLAMPED>
DEVICE void filter_step(const Filters& f, const Warp& warp, const u32 (&above)[4][TILES],
                        const u32 (&below)[4][TILES], u32 (&open)[4][2][2], u32 stage_at) {
#pragma unroll
  for (int i = 0; i < GROUPS; i++) {
    u32 done[4][2][2];
    uint2 next_bias = load_shared8(warp.biases);  // ahead of its use
#pragma unroll
    for (int c = 0; c < 4; c++) {
      const uint2 bias = next_bias;
      if (c < 3) next_bias = load_shared8(warp.biases + (c + 1) * UP * 8);
      const u32 limit = CLAMPED ? load_shared4(warp.limits + c * 4) : 0;
#pragma unroll
      for (int k = 0; k < 4; k++) done[c][k >> 1][k & 1] = 0;
      // Without a branch the compiler interleaves channels, which takes registers.
      if (SIDE_BY_SIDE || c < warp.count) {
        filter_group<CLAMPED>(f, f.up_v[i], above[c], below[c], bias, limit, done[c], open[c]);
      }
      const u32 mask = SIDE_BY_SIDE && c >= warp.count ? 0 : 0xffffffffu;  // what padding may hold
#pragma unroll
      for (int k = 0; k < 4; k++) done[c][k >> 1][k & 1] &= mask;
    }
#pragma unroll
    for (int k = 0; k < 4; k++) {
      const int m = k >> 1, r = k & 1;
      const u32 pixel = stage_at + i * 8 * OUT_ROW + (16 * m + 8 * r) * 32;
      store_shared8(pixel, multiply2(warp.scale01, pair_low(done[0][m][r], done[1][m][r])),
                    multiply2(warp.scale23, pair_low(done[2][m][r], done[3][m][r])));
      store_shared8(pixel + OUT_ROW,
                    multiply2(warp.scale01, pair_high(done[0][m][r], done[1][m][r])),
                    multiply2(warp.scale23, pair_high(done[2][m][r], done[3][m][r])));
    }
  }
}

KERNEL __launch_bounds__(THREADS, MIN_BLOCKS) filtered_lrelu(
    const u16* x, u16* y, const float* bias, const float* clamp, const float* scale,
    const u32* matrices,  // float16 pairs: up_v, up_h, down_h, down_v (filtered_lrelu_cuda.py)
    int channels, int in_height, int in_width,
    int in_channels,             // stored
    int in_pitch, int in_block,  // from a pixel, and from a block of 16 channels, to the next
    int out_height, int out_width, int out_pitch,
    int first_input,  // input row and column of the first tap of output 0
    float peak_gain, int strip_height) {
  const int tid = threadIdx.x, lane = tid & 31, warp_index = tid >> 5, g = lane >> 2, t = lane & 3;
  const int block_channel = blockIdx.y * 16, channel = block_channel + warp_index * 4;
  const int column = blockIdx.z * 32, top = blockIdx.x * strip_height;
  const int rows = min(out_height - top, strip_height);
  const int steps = ((rows + 7) / 8 + 1 + GROUPS - 1) / GROUPS;  // one group more than outputs
  const u32 ring = shared_start();

  // Tiles read pixels that no copy has written yet: zero taps, but NaN times zero is NaN. Copies
  // overwrite some of these zeros, hence the barrier.
  if (tid < 12 * (SLOTS + 1)) {
    store_shared16(ring + tid / 12 * SLOT + tid % 12 * 16, make_uint4(0, 0, 0, 0));
  }
  __syncthreads();
  Filters filters;
  load_filters(filters, matrices, g, t);
  await_previous();

  Loader loader;
  {
    const int first_row = tid / Loader::HALVES, pixel = (tid - first_row * Loader::HALVES) >> 1;
    const int chunk = tid & 1, in_channel = block_channel + chunk * 8;
    const int in_column = 2 * column / UP + first_input + pixel;
    loader.row = 2 * top / UP + first_input + first_row;
    loader.height = in_height;
    loader.row_length = (i64)in_width * in_pitch;
    loader.source = x + (i64)blockIdx.y * in_block + chunk * 8 + loader.row * loader.row_length +
                    (i64)in_column * in_pitch;
    loader.to = (first_row * ROW + pixel * 32 + chunk * 16) ^ ((first_row >> 1 & 1) << 4);
    loader.bias = bias + in_channel;
    loader.blocks = first_row < Loader::STRIDE ? steps + 1 : 0;
    const bool inside = (u32)in_column < (u32)in_width && in_channel < in_channels;
    if (loader.blocks > 0 && !inside) loader.fill(ring);
  }
#pragma unroll
  for (int i = 0; i < SLOTS; i++) loader.load(ring + i * SLOT);

  float phase = 0;  // sum of UpV's row g: what a constant becomes there
  for (int q = 0; q < 4; q += 2) {
    const float2 taps = to_float2(filters.up_v[0][q]);
    phase += taps.x + taps.y;
  }
  phase += lane_xor(phase, 1);
  phase += lane_xor(phase, 2);
  if (g < UP) {
    const float b = bias[channel + t], limit = clamp[channel + t];
    const u32 constant = to_half2(b * phase, b * phase), at = warp_index * 4 + t;
    store_shared8(ring + BIASES + (at * UP + g) * 8, constant, constant);
    store_shared4(ring + LIMITS + at * 4, to_half2(limit, limit));
    store_shared2(ring + SAFE + at * 2, to_half(fmaxf(limit / peak_gain - fabsf(b), 0.f)));
  }
  Warp warp;
  warp.count = channels - channel;
  warp.biases = ring + BIASES + (warp_index * 4 * UP + (g & (UP - 1))) * 8;
  warp.limits = ring + LIMITS + warp_index * 16;
  warp.scale01 = to_half2(scale[channel], scale[channel + 1]);
  warp.scale23 = to_half2(scale[channel + 2], scale[channel + 3]);
  const bool active = warp.count > 0;
  const u32 safe_at = ring + SAFE + warp_index * 8;
  if (block_channel + 16 > channels) {  // warps without a channel stage nothing
    for (int i = tid; i < 2 * OUT_SLOT / 16; i += THREADS) {
      store_shared16(ring + STAGING + i * 16, make_uint4(0, 0, 0, 0));
    }
  }

  // Where this lane reads input pixels and stages output pixels, and which output it then stores.
  const u32 half = (((warp_index >> 1) ^ (t & 1)) << 4) + ((warp_index & 1) << 3);
  const u32 read_at = 2 * t * ROW + g * 32 + half;
  const u32 stage_at = ring + STAGING + 2 * t * OUT_ROW + g * 32 + half;
  const int store_pixel = tid >> 1 & 31, store_row = tid >> 6, store_half = tid & 1;
  const u32 staged = ring + STAGING + store_row * OUT_ROW + store_pixel * 32 + store_half * 16;
  const bool stores =
      column + store_pixel < out_width && block_channel + store_half * 8 < out_pitch;
  const i64 out_row = (i64)out_width * out_pitch;
  u16* out = y + (top - 8 + store_row) * out_row + (i64)(column + store_pixel) * out_pitch +
             block_channel + store_half * 8;
  int out_first = -8;  // row of the strip that `out` is in, less store_row
  uint4 outputs[STEP_ROWS / 2];
  auto read_outputs = [&](u32 from) {
#pragma unroll
    for (int i = 0; i < STEP_ROWS / 2; i++) {
      outputs[i] = load_shared16((from ^ ((i & 1) << 4)) + 2 * i * OUT_ROW);
    }
  };
  auto store_outputs = [&] {
#pragma unroll
    for (int i = 0; i < STEP_ROWS / 2; i++, out += 2 * out_row) {
      const int row = out_first + store_row + 2 * i;
      if (stores && (u32)row < (u32)rows) store_global16(out, outputs[i]);
    }
    out_first += STEP_ROWS;
  };

  u32 above[4][TILES], open[4][2][2];
#pragma unroll
  for (int i = 0; i < 16; i++) open[i >> 2][i >> 1 & 1][i & 1] = 0;
  copy_async_wait<SLOTS - 1>();
  __syncthreads();
  bool was_large = false;
  if (active) was_large = read_pixels(above, ring + read_at, load_shared8(safe_at));
  u32 current = ring + SLOT, refill = ring, parity = 0;
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    copy_async_wait<SLOTS - 2>();
    __syncthreads();
    const u32 before = staged + (parity ^ OUT_SLOT);
    if (SIDE_BY_SIDE && step >= 1) read_outputs(before);  // early, where there are registers
    u32 below[4][TILES];
    bool is_large = false;
    if (active) is_large = read_pixels(below, current + read_at, load_shared8(safe_at));
    loader.load(refill);
    if (step >= 1) {
      if (!SIDE_BY_SIDE) read_outputs(before);
      store_outputs();
    }
    if (active) {
      if (CLAMP && (is_large || was_large)) {
        filter_step<true>(filters, warp, above, below, open, stage_at + parity);
      } else {
        filter_step<false>(filters, warp, above, below, open, stage_at + parity);
      }
#pragma unroll
      for (int k = 0; k < 4 * TILES; k++) above[k / TILES][k % TILES] = below[k / TILES][k % TILES];
      was_large = is_large;
    }
    parity ^= OUT_SLOT;
    current = current + SLOT == ring + PAST_END ? ring : current + SLOT;
    refill = refill + SLOT == ring + PAST_END ? ring : refill + SLOT;
  }
  __syncthreads();
  read_outputs(staged + (parity ^ OUT_SLOT));
  store_outputs();
}
