// The warps of `filtered_lrelu.cu` that filter, each 4 channels of a strip.
#pragma once
#include "filtered_lrelu_layout.cuh"

// Filter matrices, as this lane's registers of the mma operands. up_h comes in two orders of its
// halves where registers allow it: operands are pairs of neighbours.
constexpr int ORDERS = RANK == 1 ? 2 : 1;
struct Filters {
  u32 up_v[GROUPS][4], up_h[ORDERS][UP][2], down_h[RANK][3][4], down_v[RANK][2][2];
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
  for (int i = 0; i < 2 * UP; i++, matrices += 64) {
    if (i < ORDERS * UP) load_b(f.up_h[i / UP][i % UP], matrices, g, t);
  }
#pragma unroll
  for (int i = 0; i < RANK * 3; i++, matrices += 128) load_a(f.down_h[i / 3][i % 3], matrices, g, t);
#pragma unroll
  for (int i = 0; i < RANK * 2; i++, matrices += 64) load_b(f.down_v[i / 2][i % 2], matrices, g, t);
}

// The leaky ReLU: v + LEAK |v|, but for a gain that up_h has. Bounded first where something is to be
// clamped: infinity would not survive.
template <bool CLAMPED> DEVICE u32 leaky(u32 v, u32 limit) {
  if (!CLAMPED) return add_magnitude2(v, LEAK);
  return clamp2(add_magnitude2(clamp2(v, LARGE), LEAK), limit);
}

// Outputs [16 columns][rows g, g + 8 of O] of a group, from 6 tiles of Z: completes `done`, to which
// what the group before left `open` belongs, and leaves open what the next one completes.
DEVICE void downsample(const Filters& f, const u32 (*z)[2], u32 (&done)[2], u32 (&open)[2]) {
  u32 next[2] = {0, 0};
#pragma unroll
  for (int r = 0; r < RANK; r++) {
    u32 w[2][2];
#pragma unroll
    for (int h = 0; h < 2; h++) {
      mma(w[h], f.down_h[r][0], z[0][h], z[1][h], 0, 0);
#pragma unroll
      for (int k = 1; k < 3; k++) {
        mma(w[h], f.down_h[r][k], z[2 * k][h], z[2 * k + 1][h], w[h][0], w[h][1]);
      }
    }
    const u32 a[4] = {w[0][0], w[0][1], w[1][0], w[1][1]};
    u32 (&sum)[2] = r == 0 ? open : done;
    mma(done, a, f.down_v[r][1][0], f.down_v[r][1][1], sum[0], sum[1]);
    mma(next, a, f.down_v[r][0][0], f.down_v[r][0][1], next[0], next[1]);
  }
  open[0] = next[0];
  open[1] = next[1];
}

// One 16-row group of one channel. Z's tiles need two neighbouring tiles of C each; a new tile takes
// the place of the one before last, so that nothing is moved: in every second pair the later one
// comes first, and up_h's halves with it.
template <bool CLAMPED>
DEVICE void filter_group(const Filters& f, const u32 (&up_v)[4], const u32 (&above)[TILES],
                         const u32 (&below)[TILES], uint2 bias, u32 limit, u32 (&done)[2][2],
                         u32 (&open)[2][2]) {
  u32 c[2][2], z[10][2];
  mma(c[0], up_v, above[0], below[0], bias.x, bias.y);
#pragma unroll
  for (int pair = 0; pair * UP < 10; pair++) {
    const int next = pair + 1, order = pair & 1, first = ORDERS == 1 ? order : 0;
    if (next < TILES) mma(c[next & 1], up_v, above[next], below[next], bias.x, bias.y);
    else c[next & 1][0] = c[next & 1][1] = 0;
    const u32 a[4] = {c[0][0], c[0][1], c[1][0], c[1][1]};
#pragma unroll
    for (int n = pair * UP; n < min(pair * UP + UP, 10); n++) {
      const u32 (&up_h)[2] = f.up_h[order % ORDERS][n % UP];
      mma(z[n], a, up_h[first], up_h[1 - first], 0, 0);
      z[n][0] = leaky<CLAMPED>(z[n][0], limit);
      z[n][1] = leaky<CLAMPED>(z[n][1], limit);
      if (n == 5) downsample(f, z, done[0], open[0]);
    }
  }
  downsample(f, z + 4, done[1], open[1]);
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

// What a warp needs to filter its 4 channels.
struct Warp {
  int count;            // of channels, up to 4; 0 or less: there are none, and it only hands over
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
      if (AT_ONCE == 4 || (c & -AT_ONCE) < warp.count) {
        filter_group<CLAMPED>(f, f.up_v[i], above[c], below[c], bias, limit, done[c], open[c]);
      }
      if (c >= warp.count) {  // padding may hold anything
#pragma unroll
        for (int k = 0; k < 4; k++) done[c][k >> 1][k & 1] = 0;
      }
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

// What bias and clamp are on the way, into shared memory, by the warp that needs them.
DEVICE void prepare_channels(u32 shared, const Filters& f, const float* bias, const float* clamp,
                             float peak_gain, int warp_index, int g, int t) {
  float phase = 0;  // sum of UpV's row g: what a constant becomes there
  for (int q = 0; q < 4; q += 2) {
    const float2 taps = to_float2(f.up_v[0][q]);
    phase += taps.x + taps.y;
  }
  phase += lane_xor(phase, 1);
  phase += lane_xor(phase, 2);
  if (g < UP) {
    const float b = bias[t], limit = clamp[t];
    const u32 constant = to_half2(b * phase, b * phase), at = warp_index * 4 + t;
    store_shared8(shared + BIASES + (at * UP + g) * 8, constant, constant);
    store_shared4(shared + LIMITS + at * 4, to_half2(limit, limit));
    store_shared2(shared + SAFE + at * 2, to_half(fmaxf(limit / peak_gain - fabsf(b), 0.f)));
  }
  __syncwarp();
}

// Filters all steps of a strip; `bias`, `clamp`, `scale` are those of the warp's first channel.
DEVICE void filter_strip(u32 shared, const Handover& handover, const u32* matrices,
                         const float* bias, const float* clamp, const float* scale,
                         float peak_gain, int warp_index, int channels, int steps) {
  const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
  Filters filters;
  load_filters(filters, matrices, g, t);
  await_previous();
  prepare_channels(shared, filters, bias, clamp, peak_gain, warp_index, g, t);
  const Warp warp = {channels,
                     shared + BIASES + (warp_index * 4 * UP + (g & (UP - 1))) * 8,
                     shared + LIMITS + warp_index * 16,
                     to_half2(scale[0], scale[1]),
                     to_half2(scale[2], scale[3])};
  // Where this lane reads input pixels and stages output pixels.
  const u32 half = (((warp_index >> 1 ^ t) & 1) << 4) + ((warp_index & 1) << 3);
  const u32 read_at = shared + 2 * t * ROW + g * 32 + half;
  const u32 stage_at = shared + STAGING + 2 * t * OUT_ROW + g * 32 + half;
  const u32 safe_at = shared + SAFE + warp_index * 8;
  const bool active = warp.count > 0;

  u32 above[4][TILES], open[4][2][2];
#pragma unroll
  for (int i = 0; i < 16; i++) open[i >> 2][i >> 1 & 1][i & 1] = 0;
  Ring ring = {0, 0};
  barrier_wait(handover.loaded(0), 0);
  bool was_large = false;
  if (active) was_large = read_pixels(above, read_at, load_shared8(safe_at));
  tell(handover.staged(-1), lane);
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    ring.advance();
    barrier_wait(handover.loaded(ring.slot), ring.parity);
    handover.await_drained(step);
    if (active) {
      u32 below[4][TILES];
      const bool is_large =
          read_pixels(below, read_at + ring.slot * SLOT, load_shared8(safe_at));
      const u32 to = stage_at + (step & 1) * OUT_SLOT;
      if (CLAMP && (is_large || was_large)) {
        filter_step<true>(filters, warp, above, below, open, to);
      } else {
        filter_step<false>(filters, warp, above, below, open, to);
      }
#pragma unroll
      for (int k = 0; k < 4 * TILES; k++) above[k / TILES][k % TILES] = below[k / TILES][k % TILES];
      was_large = is_large;
    }
    tell(handover.staged(step), lane);
  }
}
