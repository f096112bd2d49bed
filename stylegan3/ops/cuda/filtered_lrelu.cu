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
// Layout. x [in_height][in_width][in_pitch], y [out_height][out_width][out_pitch], pitches are
// multiples of 8 channels; y's channels from `channels` to `out_pitch` are written as zero. bias,
// clamp, scale have a multiple of 16 entries covering out_pitch. In shared memory a pixel is 32 bytes
// of 16 channels, its halves swapped in every second pair of rows (bank conflicts).
//
// Constants: UP 2 or 4 (down is 2), RANK, CLAMP 0 or 1, SLOTS input slots, MIN_BLOCKS per SM.
#include "primitives.cuh"

constexpr int THREADS = 128;
constexpr int GROUPS = UP / 2;                // groups of 16 oversampled rows per step
constexpr int COLUMNS = UP == 2 ? 42 : 24;    // input pixels across that a strip needs
constexpr int TILES = UP == 2 ? 6 : 3;        // ... in tiles of 8; what lies beyond meets zero taps
constexpr int ROW = COLUMNS * 32;             // shared memory [bytes]: a row of input,
constexpr int SLOT = 8 * ROW;                 // 8 rows,
constexpr int OUT_ROW = 32 * 32;              // a row of staged output,
constexpr int OUT_SLOT = 8 * GROUPS * OUT_ROW;  // those of one step
constexpr u32 SLOPE = 0x32663266u;            // 0.2, 0.2

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

// One 16-row group of one channel: `done` completes the outputs begun by the group before, `open`
// receives those that the next group completes. Both [2 x 16 columns][rows g, g + 8 of O].
DEVICE void filter_group(const Filters& f, const u32 (&up_v)[4], const u32 (&above)[TILES],
                         const u32 (&below)[TILES], u32 bias, u32 limit, u32 (&done)[2][2],
                         u32 (&open)[2][2]) {
  u32 c[TILES + 1][2], z[10][2];
#pragma unroll
  for (int n = 0; n < TILES; n++) {
    c[n][0] = c[n][1] = bias;
    mma(c[n], up_v, above[n], below[n]);
  }
  c[TILES][0] = c[TILES][1] = 0;
#pragma unroll
  for (int n = 0; n < 10; n++) {
    const int w = n / UP;
    const u32 a[4] = {c[w][0], c[w][1], c[w + 1][0], c[w + 1][1]};
    z[n][0] = z[n][1] = 0;
    mma(z[n], a, f.up_h[n % UP][0], f.up_h[n % UP][1]);
#pragma unroll
    for (int j = 0; j < 2; j++) {
      z[n][j] = max2(z[n][j], multiply2(z[n][j], SLOPE));
      if (CLAMP) z[n][j] = clamp2(z[n][j], limit);
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
        w[h][0] = w[h][1] = 0;
#pragma unroll
        for (int k = 0; k < 3; k++) {
          mma(w[h], f.down_h[r][k], z[4 * m + 2 * k][h], z[4 * m + 2 * k + 1][h]);
        }
      }
      const u32 a[4] = {w[0][0], w[0][1], w[1][0], w[1][1]};
      mma(done[m], a, f.down_v[r][1][0], f.down_v[r][1][1]);
      mma(next, a, f.down_v[r][0][0], f.down_v[r][0][1]);
    }
    open[m][0] = next[0];
    open[m][1] = next[1];
  }
}

// Reads 8 rows of this warp's 4 channels as B operands: x[channel][tile].
DEVICE void read_pixels(u32 (&x)[4][TILES], u32 at) {
#pragma unroll
  for (int n = 0; n < TILES; n++) {
    const uint2 upper = load_shared8(at + n * 256), lower = load_shared8(at + n * 256 + ROW);
    x[0][n] = pair_low(upper.x, lower.x);
    x[1][n] = pair_high(upper.x, lower.x);
    x[2][n] = pair_low(upper.y, lower.y);
    x[3][n] = pair_high(upper.y, lower.y);
  }
}

// A thread's share of copying 8 input rows: one 16-byte chunk (half a pixel) of every STRIDE-th row.
struct Loader {
  static constexpr int CHUNKS = 2 * COLUMNS, STRIDE = THREADS / CHUNKS;
  const u16* source;   // at row `row`
  i64 row_length;      // [float16 values]
  u32 to;              // offset in a slot
  u32 outside;         // shared address of 8 channels of -bias
  int row, height, blocks;  // blocks of 8 rows still to load
  bool active, inside;      // has a share; its column lies inside the input

  __device__ __forceinline__ void load(u32 slot) {
    if (active && blocks-- > 0) {
#pragma unroll
      for (int i = 0; i < 8; i += STRIDE) {
        const u32 at = slot + (to ^ ((i >> 1 & 1) << 4)) + i * ROW;
        if (inside && (u32)(row + i) < (u32)height) {
          copy_async16(at, source + i * row_length);
        } else {
          store_shared16(at, load_shared16(outside));
        }
      }
    }
    copy_async_commit();
    source += 8 * row_length;
    row += 8;
  }
};

KERNEL __launch_bounds__(THREADS, MIN_BLOCKS) filtered_lrelu(
    const u16* x, u16* y, const float* bias, const float* clamp, const float* scale,
    const u32* matrices,  // float16 pairs: up_v, up_h, down_h, down_v (filtered_lrelu_cuda.py)
    int channels, int in_height, int in_width, int in_pitch, int out_height, int out_width,
    int out_pitch, int first_input,  // input row and column of the first tap of output 0
    int strip_height) {
  const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, g = lane >> 2, t = lane & 3;
  const int block_channel = blockIdx.x * 16, channel = block_channel + warp * 4;
  const int column = blockIdx.y * 32, top = blockIdx.z * strip_height;
  const int rows = min(out_height - top, strip_height);
  const int steps = ((rows + 7) / 8 + 1 + GROUPS - 1) / GROUPS;
  const u32 ring = shared_start(), ring_end = ring + SLOTS * SLOT;
  const u32 staging = ring_end, outside = staging + 2 * OUT_SLOT;

  // Shared memory that is read before it is written: tiles read past a row's end (zero taps, but
  // NaN times zero is NaN), and staged channels of warps that have none.
  if (tid < 12 * (SLOTS + 1)) {
    store_shared16(ring + tid / 12 * SLOT + tid % 12 * 16, make_uint4(0, 0, 0, 0));
  }
  if (block_channel + 16 > channels) {
    for (int i = tid; i < 2 * OUT_SLOT / 16; i += THREADS) {
      store_shared16(staging + i * 16, make_uint4(0, 0, 0, 0));
    }
  }
  if (tid < 4) {
    const float* b = bias + block_channel + tid * 4;
    store_shared8(outside + tid * 8, to_half2(-b[0], -b[1]), to_half2(-b[2], -b[3]));
  }
  if (tid < 16) {
    const float b = bias[block_channel + tid], limit = clamp[block_channel + tid];
    store_shared8(outside + 32 + tid * 8, to_half2(b, b), to_half2(limit, limit));
  }
  __syncthreads();

  Loader loader;
  {
    const int first_row = tid / Loader::CHUNKS, pixel = (tid - first_row * Loader::CHUNKS) >> 1;
    const int half = tid & 1, in_column = 2 * column / UP + first_input + pixel;
    const int in_row = 2 * top / UP + first_input + first_row;
    loader.row = in_row;
    loader.height = in_height;
    loader.blocks = steps + 1;
    loader.row_length = (i64)in_width * in_pitch;
    loader.source = x + in_row * loader.row_length + (i64)in_column * in_pitch + block_channel + half * 8;
    loader.to = (first_row * ROW + pixel * 32 + half * 16) ^ ((first_row >> 1 & 1) << 4);
    loader.outside = outside + half * 16;
    loader.active = first_row < Loader::STRIDE;
    loader.inside = (u32)in_column < (u32)in_width && block_channel + half * 8 < in_pitch;
  }
#pragma unroll
  for (int i = 0; i < SLOTS; i++) loader.load(ring + i * SLOT);

  Filters filters;
  load_filters(filters, matrices, g, t);
  float phase = 0;  // sum of UpV's row g: what a constant becomes there
  for (int q = 0; q < 4; q += 2) {
    const float2 taps = to_float2(filters.up_v[0][q]);
    phase += taps.x + taps.y;
  }
  phase += lane_xor(phase, 1);
  phase += lane_xor(phase, 2);

  const bool active = channel < channels;
  const u32 phase2 = to_half2(phase, phase), constants = outside + 32 + warp * 32;
  u32 scale01 = 0, scale23 = 0;
  if (active) {
    scale01 = to_half2(scale[channel], scale[channel + 1]);
    scale23 = to_half2(scale[channel + 2], scale[channel + 3]);
  }

  // Where this lane reads input pixels and stages output pixels, and which output it then stores.
  const u32 half = (((warp >> 1) ^ (t & 1)) << 4) + ((warp & 1) << 3);
  const u32 read_at = 2 * t * ROW + g * 32 + half, stage_at = staging + 2 * t * OUT_ROW + g * 32 + half;
  const int store_pixel = tid >> 1 & 31, store_row = tid >> 6, store_half = tid & 1;
  const bool stores = column + store_pixel < out_width && block_channel + store_half * 8 < out_pitch;
  const i64 out_row = (i64)out_width * out_pitch;
  u16* const out = y + (i64)(top + store_row) * out_row + (i64)(column + store_pixel) * out_pitch +
                   block_channel + store_half * 8;
  const u32 staged = staging + store_row * OUT_ROW + store_pixel * 32 + store_half * 16;
  auto store_step = [&](int step) {  // the rows that `step` staged: from 8 * GROUPS * step - 8
    const int first = 8 * GROUPS * step - 8;
    const u32 from = staged + (step & 1) * OUT_SLOT;
#pragma unroll
    for (int j = 0; j < 8 * GROUPS; j += 8) {
      uint4 v[4];
#pragma unroll
      for (int i = 0; i < 4; i++) v[i] = load_shared16((i & 1 ? from ^ 16 : from) + (j + 2 * i) * OUT_ROW);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int row = first + store_row + j + 2 * i;
        if (stores && (u32)row < (u32)rows) *(uint4*)(out + (first + j + 2 * i) * out_row) = v[i];
      }
    }
  };

  u32 above[4][TILES], open[4][2][2];
#pragma unroll
  for (int i = 0; i < 16; i++) open[i >> 2][i >> 1 & 1][i & 1] = 0;
  copy_async_wait<SLOTS - 1>();
  __syncthreads();
  if (active) read_pixels(above, ring + read_at);
  u32 current = ring + SLOT, refill = ring;
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    copy_async_wait<SLOTS - 2>();
    __syncthreads();
    u32 below[4][TILES];
    if (active) read_pixels(below, current + read_at);
    loader.load(refill);
    if (step >= 1) store_step(step - 1);
    if (active) {
#pragma unroll
      for (int i = 0; i < GROUPS; i++) {
        u32 done[4][2][2];
#pragma unroll
        for (int c = 0; c < 4; c++) {
#pragma unroll
          for (int k = 0; k < 4; k++) done[c][k >> 1][k & 1] = open[c][k >> 1][k & 1];
          // The branch also keeps the compiler from interleaving channels, which costs registers.
          if (channel + c < channels) {
            const uint2 k = load_shared8(constants + c * 8);  // bias and clamp: not worth registers
            filter_group(filters, filters.up_v[i], above[c], below[c], multiply2(k.x, phase2), k.y,
                         done[c], open[c]);
          }
        }
        const u32 at = stage_at + (step & 1) * OUT_SLOT + i * 8 * OUT_ROW;
#pragma unroll
        for (int k = 0; k < 4; k++) {
          const int m = k >> 1, r = k & 1;
          const u32 pixel = at + (16 * m + 8 * r) * 32;
          store_shared8(pixel, multiply2(scale01, pair_low(done[0][m][r], done[1][m][r])),
                        multiply2(scale23, pair_low(done[2][m][r], done[3][m][r])));
          store_shared8(pixel + OUT_ROW, multiply2(scale01, pair_high(done[0][m][r], done[1][m][r])),
                        multiply2(scale23, pair_high(done[2][m][r], done[3][m][r])));
        }
      }
#pragma unroll
      for (int k = 0; k < 4 * TILES; k++) above[k / TILES][k % TILES] = below[k / TILES][k % TILES];
    }
    current = current + SLOT == ring_end ? ring : current + SLOT;
    refill = refill + SLOT == ring_end ? ring : refill + SLOT;
  }
  __syncthreads();
  store_step(steps - 1);
}
