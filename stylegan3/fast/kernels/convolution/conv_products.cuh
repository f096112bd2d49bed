// What a consumer warpgroup of `conv_wgmma.cu` multiplies, from shared memory or from registers.
#pragma once
#include "conv_tiles.cuh"

// sums[b][4 j + 2 h + i]: with lane = 4 g + t, the pixel of `pixel_of` and row 8 j + 2 t + i of the
// weights.
typedef float Sums[BLOCKS][N_TILE / 2];
struct Pixel { int x, y; };
DEVICE Pixel pixel_of(int warp, int lane, int block, int half) {
  if (IN_REGISTERS) return {8 * half + (lane >> 2), BLOCKS * warp + block};
  return {lane >> 2, 8 * block + 2 * warp + half};
}

struct Consumer {
  Shared shared;
  int index, warp, lane;
  bool is_leader;  // one thread that speaks for the warpgroup
  bool has_sums;   // false before a tile's first product
  Place picture, weight;
};

// ---- thread blocks that share a tile -----------------------------------------------------------

constexpr int SHARERS = CONSUMERS, SHARER_THREADS = 128;
DEVICE int sharer_of(const Consumer& my) { return my.index; }
DEVICE bool is_first_of(const Consumer& my) { return my.is_leader; }
DEVICE bool any_of(const Consumer& my, bool value) { return warpgroup_any(my.index, value); }

// ---- products ----------------------------------------------------------------------------------

// Stages are released one group of instructions late: those that read them have then finished, and
// the next are running.
DEVICE void release_weights(const Consumer& my) {
  barrier_arrive(my.shared.weights_empty + 8 * previous<WEIGHT_STAGES>(my.weight));
}
DEVICE void release_picture(const Consumer& my) {
  barrier_arrive(my.shared.pictures_empty + 8 * previous<PICTURE_STAGES>(my.picture));
}

// Every warp says so: else the turn could come back twice to one that still waits for the first.
DEVICE void pass_turn(const Consumer& my) {
  __syncwarp();
  if (my.lane == 0) barrier_arrive(my.shared.turns + 8 * ((my.index + 1) % CONSUMERS));
}

// Adds the products of 16 STEPS channels, all taps, both operands in shared memory.
template <int STEPS> DEVICE void multiply_shared(Consumer& my, Sums& sums, int block) {
  const int strip = my.picture.stage * TEAM + (PING_PONG ? 0 : my.index);
  const u32 pixels = operand_start(my.shared.start + strip * STRIP_ROOM);
#pragma unroll
  for (int tap = 0; tap < TAPS; tap++) {
    if (!RESIDENT) barrier_wait(my.shared.weights_full + 8 * my.weight.stage, my.weight.parity);
    const int room = RESIDENT ? block * TAPS + tap : my.weight.stage;
    const u32 weights = operand_start(my.shared.start + WEIGHTS_AT + room * TAP_BYTES);
    const int first_row = tap / KERNEL_SIZE * BOX_WIDTH + tap % KERNEL_SIZE;
    wgmma_fence();
#pragma unroll
    for (int step = 0; step < STEPS; step++) {
#pragma unroll
      for (int i = 0; i < BLOCKS; i++) {
        const int row = first_row + i * 8 * BOX_WIDTH;
        wgmma(sums[i],
              operand(pixels + row * (ROW_BYTES / 16) + step * 2, BOX_WIDTH * ROW_BYTES),
              operand(weights + step * 2, 8 * ROW_BYTES), my.has_sums);
      }
      my.has_sums = true;
    }
    wgmma_commit();
    if (!RESIDENT || tap == 0) {
      wgmma_wait<1>();
      if (my.is_leader && (block > 0 || tap > 0)) {
        if (!RESIDENT) release_weights(my);
        if (tap == 0) release_picture(my);
      }
    }
    if (!RESIDENT) advance<WEIGHT_STAGES>(my.weight);
  }
}

// The same with pixels in registers. A warp has BLOCKS consecutive rows of the strip: their pixels,
// and those of the kernel's further rows, are loaded once for all vertical taps, while the
// instructions of the step before run.
template <int STEPS> DEVICE void multiply_registers(Consumer& my, Sums& sums, int block) {
  constexpr int ROWS = BLOCKS + KERNEL_SIZE - 1;
  const u32 strip = my.shared.start + my.picture.stage * STRIP_ROOM;
  const u32 weights = operand_start(my.shared.start + WEIGHTS_AT + block * TAPS * TAP_BYTES);
  const int first = BLOCKS * my.warp * BOX_WIDTH + (my.lane & 15), half = my.lane >> 4;
  u32 pixels[2][ROWS][4];  // operand a: 16 pixels of a row by 16 channels
#pragma unroll
  for (int step = 0; step < KERNEL_SIZE * STEPS; step++) {
    const int dx = step / STEPS, k = step % STEPS;
    auto& loaded = pixels[step & 1];
    wgmma_wait<1>();
    if (step == 1 && block > 0 && my.is_leader) release_picture(my);
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      const int pixel = first + row * BOX_WIDTH + dx;
      load_matrices(loaded[row], strip + pixel * ROW_BYTES + ((2 * k + half) ^ (pixel & 7)) * 16);
    }
    wgmma_fence();
#pragma unroll
    for (int dy = 0; dy < KERNEL_SIZE; dy++) {
      const u32 start = weights + (dy * KERNEL_SIZE + dx) * (TAP_BYTES / 16) + k * 2;
#pragma unroll
      for (int i = 0; i < BLOCKS; i++) {
        wgmma(sums[i], loaded[i + dy], operand(start, 8 * ROW_BYTES), my.has_sums);
      }
      my.has_sums = true;
    }
    wgmma_commit();
  }
}

template <int STEPS> DEVICE void multiply(Consumer& my, Sums& sums, int block) {
  barrier_wait(my.shared.pictures_full + 8 * my.picture.stage, my.picture.parity);
  if (PING_PONG && !IN_TURN && block == K_PART - 1) pass_turn(my);
#if IN_REGISTERS
  multiply_registers<STEPS>(my, sums, block);
#else
  multiply_shared<STEPS>(my, sums, block);
#endif
  advance<PICTURE_STAGES>(my.picture);
}
