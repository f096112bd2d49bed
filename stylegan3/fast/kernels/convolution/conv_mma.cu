// Convolution of one picture on the tensor cores that every GPU from compute capability 7.5 on has: an
// implicit GEMM of float16, channels last. Rows of the product are pixels, columns output channels; it
// is summed over taps and input channels, in stages of 32 channels.
//
// A *tile* is a strip of STRIP_WIDTH (8 or 16) pixels across by N_TILE channels, of one thread block:
// each of its WARPS has 16 BLOCKS pixels and all channels, so that ToRGB's sums stay within four lanes.
// The strip's input, with the halo of the kernel, is copied once per stage into shared memory (twice
// buffered), where all taps read it at shifted addresses; weights stream through a ring of
// WEIGHT_STAGES, one tap a stage.
//
//   RUN 0: sums are float32. GeForce adds those at half the rate of float16 ones.
//   RUN n: sums are float16 for n stages of the weights (32 n products), and then added to float32
//          ones. A run of 64 products errs by 3.3e-4, where rounding the result alone is 2.1e-4.
//   SPLIT > 1: so many blocks share the input channels of a tile, for small pictures, where tiles are
//              too few for the GPU and each takes long; conv_split.cuh adds up.
//
// Rows of weights are permuted (`channel_order` in tiling.py) so that a thread's sums belong to 8 (or
// 4, or 2) consecutive channels. Other constants: AT_A_TIME (blocks of a multiprocessor, which bounds
// registers), KERNEL_SIZE, PADDING, K_BLOCKS (stages of input channels), LAST_STEPS (of 16 channels, in
// the last one), COLUMNS (of tiles), BLOCKED and those of epilogue.cuh.
#include "conv_mma_tiles.cuh"
#include "conv_split.cuh"
#include "conv_store.cuh"

DEVICE void sum_products(const Consumer& my, Sums& sums, const Input& in, const Tile& tile, int left,
                         int top, int first) {
  constexpr int STEPS = K_PART * TAPS;
  const u32 shared = shared_start();
  // Weights do not wait for the kernel before.
#pragma unroll
  for (int i = 0; i < WEIGHT_STAGES - 1; i++) {
    if (i < STEPS) copy_weights(shared, in, i, tile.channel, first + i / TAPS, i % TAPS);
  }
  await_previous();
#pragma unroll
  for (int i = 0; i < PICTURE_STAGES - 1; i++) {
    for (int piece = 0; piece < PIECES && i < K_PART; piece++) {
      copy_picture(shared, in, left, top, first + i, piece);
    }
  }
#pragma unroll
  for (int i = 0; i < WEIGHT_STAGES - 1; i++) copy_async_commit();  // all of it in the first group

  HalfSums run = {};
#pragma unroll
  for (int i = 0; i < BLOCKS * N_TILE / 2; i++) sums[i / (N_TILE / 2)][i % (N_TILE / 2)] = 0;
  int block = first, tap = 0, dy = 0, dx = 0;           // of the step that is multiplied
  int next_block = first + (WEIGHT_STAGES - 1) / TAPS;  // of the step that is copied
  int next_tap = (WEIGHT_STAGES - 1) % TAPS, stage = 0, next_stage = WEIGHT_STAGES - 1;
#pragma unroll 1
  for (int step = 0; step < STEPS; step++) {
    copy_async_wait<WEIGHT_STAGES - 2>();
    __syncthreads();  // all have come, and nobody reads the stage before any more
    if (step + WEIGHT_STAGES - 1 < STEPS) {
      copy_weights(shared, in, next_stage, tile.channel, next_block, next_tap);
    }
    if (tap < PIECES && block + PICTURE_STAGES - 1 < first + K_PART) {
      copy_picture(shared, in, left, top, block + PICTURE_STAGES - 1, tap);
    }
    copy_async_commit();
    const u32 picture = shared + block % PICTURE_STAGES * PICTURE_BYTES;
    const u32 weights = shared + WEIGHTS_AT + stage * TAP_BYTES;
#pragma unroll
    for (int k = 0; k < 2; k++) {
      if (k >= LAST_STEPS && block == K_BLOCKS - 1) break;
      multiply(my, picture, weights, dy, dx, k,
               [&](int i, int j, const u32 (&pixels)[4], u32 b0, u32 b1) {
#if RUN
                 u32(&of_run)[2] = *(u32(*)[2])&run[i][2 * j];
                 mma(of_run, pixels, b0, b1, of_run[0], of_run[1]);
#else
                 mma_add(&sums[i][4 * j], pixels, b0, b1);
#endif
               });
    }
#if RUN
    if (step % RUN == RUN - 1 || step == STEPS - 1) promote(sums, run);
#endif
    if (++dx == KERNEL_SIZE) dx = 0, dy++;
    if (++tap == TAPS) tap = 0, dy = 0, block++;
    if (++next_tap == TAPS) next_tap = 0, next_block++;
    if (++stage == WEIGHT_STAGES) stage = 0;
    if (++next_stage == WEIGHT_STAGES) next_stage = 0;
  }
}

KERNEL __launch_bounds__(32 * WARPS, AT_A_TIME) conv_mma(
    const u16* pixels, const u16* weights,
    u16* out,  // [height][width][pitch] or BLOCKED, with STORE
    const float* demodulation, const float* bias, const float* next,
    const float* noise, const float* strength, const float* rgb_weight, const float* rgb_styles,
    const float* rgb_bias, const float* previous, const float* taps, float* rgb,
    int in_height, int in_width, int in_pitch, int rows, int depth,
    int height, int width, int pitch, int channels, int strips_across,
    int rgb_channels, float clamp, float rgb_gain,
    float* shares, int* arrivals) {  // with SPLIT: of conv_split.cuh
  const int index = (int)blockIdx.x / SPLIT, part = (int)blockIdx.x % SPLIT;
  const Tile tile = {index % COLUMNS * N_TILE, index / COLUMNS};
  const Input in = {pixels, weights, in_height, in_width, in_pitch, rows, depth};
  const Picture picture = {out, height, width, pitch, channels, strips_across};
  const Epilogue epilogue = {demodulation, bias, next, noise, strength, rgb_weight, rgb_styles,
                             rgb_bias, previous, taps, rgb, rgb_channels, clamp, rgb_gain};
  const Consumer my = {(int)threadIdx.x >> 5, (int)threadIdx.x & 31};
  const Pixels places(my, picture, tile);
  Sums sums;
  sum_products(my, sums, in, tile, places.left - PADDING, places.top - PADDING, part * K_PART);
  if (SPLIT > 1 && !gather_parts(my, sums, {shares, arrivals}, index, part)) return;
  Ahead ahead;
  load_ahead(ahead, epilogue, picture, places, tile);
  store_tile(my, sums, picture, epilogue, tile, places, ahead);
}
