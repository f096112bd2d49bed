// What both sides of `conv_wgmma.cu` know: sizes, shared memory, rings of stages, tiles.
#pragma once
#include "primitives.cuh"
#include "hopper.cuh"

DEVICE constexpr int up_to(int value, int unit) { return (value + unit - 1) / unit * unit; }

constexpr int TAPS = KERNEL_SIZE * KERNEL_SIZE, TEAM = PING_PONG ? 1 : CONSUMERS;
constexpr int STRIP_WIDTH = IN_REGISTERS ? 16 : 8, STRIP_HEIGHT = 64 * BLOCKS / STRIP_WIDTH;
constexpr int K_PART = K_BLOCKS / SPLIT;  // blocks of input channels that a thread block takes
constexpr int HALO = KERNEL_SIZE - 1;
constexpr int BOX_WIDTH = STRIP_WIDTH + HALO, BOX_HEIGHT = STRIP_HEIGHT + HALO;
constexpr int ROW_BYTES = 128;  // of a pixel, and of an output channel: 64 input channels
constexpr int STRIP_BYTES = BOX_WIDTH * BOX_HEIGHT * ROW_BYTES;
constexpr int STRIP_ROOM = up_to(STRIP_BYTES, 1024);  // the swizzle repeats every 1024 bytes
constexpr int TAP_BYTES = N_TILE * ROW_BYTES;
constexpr int WEIGHTS_AT = PICTURE_STAGES * TEAM * STRIP_ROOM;
constexpr int WEIGHT_ROOMS = RESIDENT ? K_BLOCKS * TAPS : WEIGHT_STAGES;
constexpr int BARRIERS_AT = WEIGHTS_AT + WEIGHT_ROOMS * TAP_BYTES;

// ---- shared memory -----------------------------------------------------------------------------

struct Shared {  // addresses
  u32 start, pictures_full, pictures_empty, weights_full, weights_empty, turns;
};
DEVICE Shared lay_out(u32 start) {
  const u32 pictures = start + BARRIERS_AT, weights = pictures + 16 * PICTURE_STAGES;
  return {start, pictures, pictures + 8 * PICTURE_STAGES, weights, weights + 8 * WEIGHT_STAGES,
          weights + 16 * WEIGHT_STAGES};
}

// A position in a ring of stages, and the parity of the ring's current round.
struct Place { int stage, parity; };
template <int STAGES> DEVICE void advance(Place& place) {
  if (++place.stage < STAGES) return;
  place.stage = 0;
  place.parity ^= 1;
}
template <int STAGES> DEVICE void skip(Place& place, int count) {
  place.stage += count;
  place.parity ^= place.stage / STAGES & 1;
  place.stage %= STAGES;
}
template <int STAGES> DEVICE int previous(const Place& place) {
  return (place.stage ? place.stage : STAGES) - 1;
}

// ---- tiles -------------------------------------------------------------------------------------

// Those of a thread block; a column of tiles shares its output channels.
struct Tiles { int first, step, count, per_column; };

struct Tile { int channel, strip; };  // the first of each
DEVICE Tile tile_of(const Tiles& tiles, int index) {
  const int column = index / tiles.per_column;
  return {column * N_TILE, (index - column * tiles.per_column) * TEAM};
}
