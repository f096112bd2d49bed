// Convolution of one picture on Hopper's tensor cores (sm_90a): an implicit GEMM of float16 with
// float32 sums. Rows of the product are pixels, columns output channels; it is summed over taps and
// input channels, in blocks of 64 channels.
//
// A *strip* of 64 BLOCKS pixels belongs to one consumer warpgroup. Its input, with the halo of the
// kernel, is copied once per 64 channels into shared memory, as rows of 128 bytes, one a pixel,
// where all taps read it at shifted addresses; pixels outside the picture arrive as zeros, which is
// the padding. A *tile* is TEAM strips by N_TILE channels. Thread blocks are persistent: one thread
// of the first warpgroup copies ahead through two rings of stages, the other warpgroups, the
// consumers, multiply and store.
//
//   PING_PONG 0: the consumers work together on a tile (TEAM = CONSUMERS) and share its weights.
//   PING_PONG 1: each has tiles of its own, so that one stores its result while another multiplies.
//   IN_TURN 1: with PING_PONG, a consumer starts a tile when the one before has issued its last
//              instruction. 0: when all pixels of the one before have arrived; with RESIDENT. (No
//              sooner: it could not tell a stage's phase from the one before last.)
//   RESIDENT 1: all weights (of one column of tiles) stay in shared memory; otherwise they stream
//                through their ring, one tap of 64 channels a stage.
//   IN_REGISTERS 1: pixels pass through registers, where the vertical taps share them. For few
//              output channels, which read shared memory more than they multiply. It takes three
//              consumers at once to fill the pipe. With PING_PONG, RESIDENT.
//
//   SPLIT > 1: so many blocks share the input channels of a tile, for small pictures, where tiles are
//              too few for the GPU and each takes long; conv_split.cuh adds up. Without PING_PONG.
//
// Rows of weights are permuted (`channel_order` in conv_tiling.py) so that a thread's sums belong
// to 8 (or 4, or 2) consecutive channels. Other constants: AT_A_TIME (2: blocks leave room for those
// of the next kernel, which then start and load weights while these still run), KERNEL_SIZE, PADDING, K_BLOCKS (of 64
// input channels), LAST_STEPS (of 16 channels, in the last block), PICTURE_STAGES, WEIGHT_STAGES,
// PRODUCER_REGISTERS, CONSUMER_REGISTERS; BLOCKED (conv_store.cuh); of epilogue.cuh ACTIVATE
// (1: StyleGAN2's activation; else sums are stored as they are), STORE, RGB (picture channels, 0
// for no ToRGB), PARTIAL_RGB (1: a tile has not all channels), PHASE_CHANNELS (0: one phase).
#include "conv_tiles.cuh"
#include "conv_products.cuh"
#include "conv_split.cuh"
#include "conv_store.cuh"

// ---- producer ----------------------------------------------------------------------------------

DEVICE void load_weights(const Shared& shared, const TensorMap* weights, Place& weight, int block,
                          int channel, int tap) {
  barrier_wait(shared.weights_empty + 8 * weight.stage, weight.parity);
  barrier_expect(shared.weights_full + 8 * weight.stage, TAP_BYTES);
  copy_tensor(shared.start + WEIGHTS_AT + weight.stage * TAP_BYTES, weights, block * 64, channel, tap,
              shared.weights_full + 8 * weight.stage);
  advance<WEIGHT_STAGES>(weight);
}

// Weights do not wait for the kernel before: as many as there is room for come first.
DEVICE void produce(const Shared& shared, const TensorMap* pictures, const TensorMap* weights,
                    const Tiles& tiles, int strips_across) {
  constexpr int AHEAD = RESIDENT ? 0 : WEIGHT_STAGES < K_PART * TAPS ? WEIGHT_STAGES : K_PART * TAPS;
  Place picture = {0, 1}, weight = {0, 1};
  if (RESIDENT) {
    barrier_expect(shared.weights_full, K_BLOCKS * TAPS * TAP_BYTES);
    for (int i = 0; i < K_BLOCKS * TAPS; i++) {
      copy_tensor(shared.start + WEIGHTS_AT + i * TAP_BYTES, weights, i / TAPS * 64, 0, i % TAPS,
                  shared.weights_full);
    }
  }
  const int first_channel = tile_of(tiles, tiles.first / SPLIT).channel;
  for (int i = 0; i < AHEAD; i++) {
    load_weights(shared, weights, weight, tiles.first % SPLIT * K_PART + i / TAPS, first_channel,
                  i % TAPS);
  }
  int loaded_ahead = AHEAD;
  await_previous();
  for (int index = tiles.first; index < tiles.count; index += tiles.step) {
    const Tile tile = tile_of(tiles, index / SPLIT);
    const int first = index % SPLIT * K_PART;
    for (int block = first; block < first + K_PART; block++) {
      const u32 full = shared.pictures_full + 8 * picture.stage;
      barrier_wait(shared.pictures_empty + 8 * picture.stage, picture.parity);
      barrier_expect(full, TEAM * STRIP_BYTES);
      for (int i = 0; i < TEAM; i++) {
        const int row = (tile.strip + i) / strips_across;
        const int column = tile.strip + i - row * strips_across;
        copy_tensor(shared.start + (picture.stage * TEAM + i) * STRIP_ROOM, pictures, block * 64,
                    column * STRIP_WIDTH - PADDING, row * STRIP_HEIGHT - PADDING, full);
      }
      advance<PICTURE_STAGES>(picture);
      if (RESIDENT) continue;
      for (int tap = 0; tap < TAPS; tap++) {
        if (loaded_ahead > 0) loaded_ahead--;
        else load_weights(shared, weights, weight, block, tile.channel, tap);
      }
    }
  }
}

// ---- consumers ---------------------------------------------------------------------------------

DEVICE void consume(const Shared& shared, const Tiles& tiles, const Picture& out,
                    const Epilogue& epilogue, const Parts& parts) {
  constexpr int OTHERS = PING_PONG ? CONSUMERS - 1 : 0;  // tiles between two of this consumer
  const int index = uniform(threadIdx.x >> 7) - 1, tid = threadIdx.x & 127;
  Consumer my = {shared, index, tid >> 5, tid & 31, tid == 0, false, {0, 0}, {0, 0}};
  const int behind = PING_PONG ? index : 0;
  int turn_parity = index == 0;
  skip<PICTURE_STAGES>(my.picture, behind * K_PART);
  skip<WEIGHT_STAGES>(my.weight, behind * K_PART * TAPS);
  if (RESIDENT) barrier_wait(shared.weights_full, 0);
  for (int i = tiles.first + behind * tiles.step; i < tiles.count;
       i += (OTHERS + 1) * tiles.step) {
    Tile tile = tile_of(tiles, i / SPLIT);
    tile.strip += PING_PONG ? 0 : index;
    const Pixels pixels(my, out, tile);
    Ahead ahead;
    load_ahead(ahead, epilogue, out, pixels, tile);
    Sums sums;
    my.has_sums = false;
    if (PING_PONG) barrier_wait(shared.turns + 8 * index, turn_parity);
    turn_parity ^= 1;
#pragma unroll 1
    for (int block = 0; block < K_PART - 1; block++) multiply<4>(my, sums, block);
    multiply<LAST_STEPS>(my, sums, K_PART - 1);
    if (PING_PONG && IN_TURN) pass_turn(my);
    wgmma_wait<0>();
    if (my.is_leader) {
      if (!RESIDENT) release_weights(my);
      release_picture(my);
    }
    if (SPLIT == 1 || gather_parts(my, sums, parts, i / SPLIT, i % SPLIT)) {
      store_tile(my, sums, out, epilogue, tile, pixels, ahead);
    }
    skip<PICTURE_STAGES>(my.picture, OTHERS * K_PART);
    skip<WEIGHT_STAGES>(my.weight, OTHERS * K_PART * TAPS);
  }
}

// ---- kernel ------------------------------------------------------------------------------------

KERNEL __launch_bounds__(128 * (1 + CONSUMERS), AT_A_TIME) conv_wgmma(
    const __grid_constant__ TensorMap pictures,  // [height][width][channels], boxes of a strip
    const __grid_constant__ TensorMap weights,   // [TAPS][rows][channels], boxes of N_TILE rows
    u16* out,                                    // [height][width][pitch] or BLOCKED, with STORE
    const float* demodulation, const float* bias, const float* next,
    const float* noise, const float* strength, const float* rgb_weight, const float* rgb_styles,
    const float* rgb_bias, const float* previous, const float* taps, float* rgb,
    int height, int width, int pitch, int channels, int strips_across,
    int tiles_per_column, int tile_count, int rgb_channels, float clamp, float rgb_gain,
    float* shares, int* arrivals) {  // with SPLIT: of conv_split.cuh; tile_count is of parts
  const Shared shared = lay_out(up_to(shared_start(), 1024));
  if (threadIdx.x == 0) {
    for (int i = 0; i < PICTURE_STAGES; i++) {
      barrier_init(shared.pictures_full + 8 * i, 1);
      barrier_init(shared.pictures_empty + 8 * i, TEAM);
    }
    for (int i = 0; i < WEIGHT_STAGES; i++) {
      barrier_init(shared.weights_full + 8 * i, 1);
      barrier_init(shared.weights_empty + 8 * i, TEAM);
    }
    for (int i = 0; i < CONSUMERS; i++) barrier_init(shared.turns + 8 * i, 4);
    barrier_init_done();
  }
  __syncthreads();
  const Tiles tiles = {(int)blockIdx.x, (int)gridDim.x, tile_count, tiles_per_column};
  if (threadIdx.x < 128) {
    release_registers<PRODUCER_REGISTERS>();
    if (threadIdx.x == 0) produce(shared, &pictures, &weights, tiles, strips_across);
  } else {
    claim_registers<CONSUMER_REGISTERS>();
    await_previous();
    consume(shared, tiles, {out, height, width, pitch, channels, strips_across},
            {demodulation, bias, next, noise, strength, rgb_weight, rgb_styles, rgb_bias, previous,
             taps, rgb, rgb_channels, clamp, rgb_gain},
            {shares, arrivals});
  }
}
