// How a consumer warpgroup of `conv_wgmma.cu` rounds and stores its sums.
#pragma once
#include "conv_products.cuh"

struct Picture {  // of the output
  u16* pixels;
  const float *scale, *bias;
  int height, width, pitch, channels;
  int strips_across;
};
DEVICE void store_words(u16* to, const u32 (&words)[4], int count) {
  if (count == 4) *(uint4*)to = make_uint4(words[0], words[1], words[2], words[3]);
  if (count == 2) *(uint2*)to = make_uint2(words[0], words[1]);
  if (count == 1) *(u32*)to = words[0];
}

// `count` groups of 8 weight rows from `first` on are 8 count channels; a thread's sums are of
// 2 count consecutive ones.
DEVICE void store_channels(const Consumer& my, const Sums& sums, const Picture& out, Tile tile,
                           int first, int count) {
  const int t = my.lane & 3, channel = tile.channel + first * 8 + t * 2 * count;
  if (channel >= out.channels) return;
  float scale[8], bias[8];
#pragma unroll
  for (int i = 0; i < 2 * count; i++) {
    scale[i] = FINISH ? out.scale[channel + i] : 1.f;
    bias[i] = FINISH ? out.bias[channel + i] : 0.f;
  }
  const int down = tile.strip / out.strips_across, across = tile.strip - down * out.strips_across;
#pragma unroll
  for (int i = 0; i < 2 * BLOCKS; i++) {
    const Pixel pixel = pixel_of(my.warp, my.lane, i / 2, i % 2);
    const int x = across * STRIP_WIDTH + pixel.x, y = down * STRIP_HEIGHT + pixel.y;
    u32 words[4];
#pragma unroll
    for (int j = 0; j < count; j++) {
      const float a = sums[i / 2][4 * (first + j) + i % 2 * 2];
      const float b = sums[i / 2][4 * (first + j) + i % 2 * 2 + 1];
      words[j] = FINISH ? to_half2(a * scale[2 * j] + bias[2 * j],
                                   b * scale[2 * j + 1] + bias[2 * j + 1])
                        : to_half2(a, b);
    }
    if (y < out.height && x < out.width) {
      store_words(out.pixels + ((i64)y * out.width + x) * out.pitch + channel, words, count);
    }
  }
}

DEVICE void store_tile(const Consumer& my, const Sums& sums, const Picture& out, Tile tile) {
  constexpr int GROUPS = N_TILE / 8, FOURS = GROUPS / 4 * 4, TWOS = GROUPS / 2 * 2;
#pragma unroll
  for (int first = 0; first < FOURS; first += 4) store_channels(my, sums, out, tile, first, 4);
  if (TWOS > FOURS) store_channels(my, sums, out, tile, FOURS, 2);
  if (GROUPS > TWOS) store_channels(my, sums, out, tile, TWOS, 1);
}
