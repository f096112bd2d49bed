// What a thread block of `conv_mma.cu` has in shared memory, and how it multiplies from there.
#pragma once
#include "primitives.cuh"

constexpr int TAPS = KERNEL_SIZE * KERNEL_SIZE, HALO = KERNEL_SIZE - 1;
constexpr int THREADS = 32 * WARPS, GROUPS_OF_8 = N_TILE / 8;
constexpr int STRIP_HEIGHT = 16 * WARPS * BLOCKS / STRIP_WIDTH;
constexpr int BOX_WIDTH = STRIP_WIDTH + HALO, BOX_PIXELS = BOX_WIDTH * (STRIP_HEIGHT + HALO);
constexpr int DEPTH = 32;           // input channels of a stage
constexpr int ROW_BYTES = 2 * DEPTH;  // of a pixel, and of an output channel
constexpr int PICTURE_STAGES = TAPS > 1 ? 2 : WEIGHT_STAGES;
constexpr int PIECES = TAPS > 1 ? TAPS - WEIGHT_STAGES + 2 : 1;  // that a picture is copied in
constexpr int PICTURE_BYTES = BOX_PIXELS * ROW_BYTES, TAP_BYTES = N_TILE * ROW_BYTES;
constexpr int WEIGHTS_AT = PICTURE_STAGES * PICTURE_BYTES;
constexpr int K_PART = K_BLOCKS / SPLIT;  // stages of input channels that a thread block takes
static_assert(PIECES >= 1 && WEIGHT_STAGES >= 2, "a picture has to arrive before it is needed");

// sums[b][4 j + 2 h + i]: with lane = 4 g + t, the pixel of `pixel_of` and row 8 j + 2 t + i of the
// weights.
typedef float Sums[BLOCKS][N_TILE / 2];
typedef u32 HalfSums[BLOCKS][N_TILE / 4];  // the same, in pairs
struct Pixel { int x, y; };
DEVICE Pixel pixel_of(int warp, int lane, int block, int half) {
  const int row = warp * BLOCKS + block, column = lane >> 2;
  if (STRIP_WIDTH == 16) return {8 * half + column, row};
  return {column, 2 * row + half};
}
struct Tile { int channel, strip; };  // the first of each

struct Consumer { int warp, lane; };

// ---- thread blocks that share a tile -----------------------------------------------------------

constexpr int SHARERS = 1, SHARER_THREADS = THREADS;
DEVICE int sharer_of(const Consumer&) { return 0; }
DEVICE bool is_first_of(const Consumer&) { return threadIdx.x == 0; }
DEVICE bool any_of(const Consumer&, bool value) { return __syncthreads_or(value); }

// ---- shared memory -----------------------------------------------------------------------------

// 16 bytes of a row of 64. Eight rows in a row are read at once: no two of them from one bank.
DEVICE u32 part_at(int row, int part) { return row * ROW_BYTES + (part ^ (row >> 1 & 3)) * 16; }

struct Input {
  const u16* pixels;   // [height][width][pitch]
  const u16* weights;  // [TAPS][rows][depth]
  int height, width, pitch, rows, depth;
};

// A piece of the pixels that a tile needs, their next DEPTH channels; zeros outside of the picture.
DEVICE void copy_picture(u32 shared, const Input& in, int left, int top, int block, int piece) {
  constexpr int COUNT = 4 * BOX_PIXELS, EACH = (COUNT + PIECES - 1) / PIECES;
  const u32 to = shared + block % PICTURE_STAGES * PICTURE_BYTES;
  const int end = min(COUNT, (piece + 1) * EACH);
  for (int i = piece * EACH + threadIdx.x; i < end; i += THREADS) {
    const int pixel = i >> 2, part = i & 3, y = pixel / BOX_WIDTH;
    const int row = top + y, column = left + pixel - y * BOX_WIDTH;
    const int channel = block * DEPTH + part * 8;
    const bool exists = (u32)row < (u32)in.height && (u32)column < (u32)in.width
                        && channel < in.depth;
    const i64 at = ((i64)row * in.width + column) * in.pitch + channel;
    copy_async16_or_zeros(to + part_at(pixel, part), in.pixels + (exists ? at : 0), exists);
  }
}

// The weights of one tap, of DEPTH input and N_TILE output channels.
DEVICE void copy_weights(u32 shared, const Input& in, int stage, int channel, int block, int tap) {
  const u32 to = shared + WEIGHTS_AT + stage * TAP_BYTES;
  for (int i = threadIdx.x; i < 4 * N_TILE; i += THREADS) {
    const int row = i >> 2, part = i & 3, input = block * DEPTH + part * 8;
    const bool exists = input < in.depth;
    const i64 at = ((i64)tap * in.rows + channel + row) * in.depth + input;
    copy_async16_or_zeros(to + part_at(row, part), in.weights + (exists ? at : 0), exists);
  }
}

// ---- products ----------------------------------------------------------------------------------

// Adds the products of one tap and 16 input channels, the `k`th of a stage.
template <class Add>
DEVICE void multiply(const Consumer& my, u32 picture, u32 weights, int dy, int dx, int k, Add add) {
  u32 pixels[BLOCKS][4];
#pragma unroll
  for (int i = 0; i < BLOCKS; i++) {
    const int of_16 = my.lane & 15, row = my.warp * BLOCKS + i;
    const int x = STRIP_WIDTH == 16 ? of_16 : of_16 & 7;
    const int y = STRIP_WIDTH == 16 ? row : 2 * row + (of_16 >> 3);
    load_matrices(pixels[i],
                  picture + part_at((y + dy) * BOX_WIDTH + x + dx, 2 * k + (my.lane >> 4)));
  }
#pragma unroll
  for (int j = 0; j < GROUPS_OF_8; j += 2) {
    u32 columns[4];
    const int row = 8 * (j + (my.lane >> 4)) + (my.lane & 7);
    load_matrices(columns, weights + part_at(row, 2 * k + (my.lane >> 3 & 1)));
#pragma unroll
    for (int i = 0; i < BLOCKS; i++) {
      add(i, j, pixels[i], columns[0], columns[1]);
      add(i, j + 1, pixels[i], columns[2], columns[3]);
    }
  }
}

// Adds short runs of float16 sums to those in float32, and starts new ones.
DEVICE void promote(Sums& sums, HalfSums& run) {
#pragma unroll
  for (int i = 0; i < BLOCKS; i++) {
#pragma unroll
    for (int j = 0; j < N_TILE / 4; j++) {
      const float2 pair = to_float2(run[i][j]);
      sums[i][2 * j] += pair.x;
      sums[i][2 * j + 1] += pair.y;
      run[i][j] = 0;
    }
  }
}
