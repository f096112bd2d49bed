// How a convolution rounds and stores its sums, behind what `epilogue.cuh` does to them.
#pragma once
#include "epilogue.cuh"

struct Picture {  // of the output
  u16* pixels;
  int height, width, pitch, channels;
  int strips_across;
};
DEVICE void store_words(u16* to, const u32 (&words)[4], int count) {
  if (count == 4) store_global16(to, make_uint4(words[0], words[1], words[2], words[3]));
  if (count == 2) store_global8(to, words[0], words[1]);
  if (count == 1) *(u32*)to = words[0];
}

// Where a thread's pixels lie: of index 2 block + half, as its sums are.
struct Pixels {
  int left, top, warp, lane;
  __device__ __forceinline__ Pixels(const Consumer& my, const Picture& out, const Tile& tile)
      : warp(my.warp), lane(my.lane) {
    const int down = tile.strip / out.strips_across;
    left = (tile.strip - down * out.strips_across) * STRIP_WIDTH;
    top = down * STRIP_HEIGHT;
  }
  __device__ __forceinline__ Pixel of(int i) const {
    const Pixel pixel = pixel_of(warp, lane, i / 2, i % 2);
    return {left + pixel.x, top + pixel.y};
  }
};
DEVICE bool has(const Picture& out, Pixel at) { return at.y < out.height && at.x < out.width; }

constexpr int SCALE = PHASE_CHANNELS ? 2 : 1;  // of the output to the picture of the tiles
constexpr int PHASE_LENGTH = PHASE_CHANNELS ? PHASE_CHANNELS : 1 << 30;
DEVICE i64 index_of(const Picture& out, Pixel at, int phase) {
  const int y = SCALE * at.y + (phase >> 1), x = SCALE * at.x + (phase & 1);
  return (i64)y * (SCALE * out.width) + x;
}

// Plain: [height][width][pitch]. BLOCKED: [channels / 16, rounded up][height][width][16], where what
// lies beyond the channels is stored as zeros, so that whole sectors of 32 bytes are written.
DEVICE void store_pixel(const Picture& out, i64 pixel, int channel, const u32 (&words)[4],
                        int count) {
#if BLOCKED
  u16* const to = out.pixels + ((channel >> 4) * ((i64)out.height * out.width) + pixel) * 16;
  store_words(to + (channel & 15), words, count);
  const u32 zeros[4] = {};
  if (out.channels % 16 && channel >= out.channels - 8) {
    store_words(to + 8 + channel % 8, zeros, count);
  }
#else
  store_words(out.pixels + pixel * out.pitch + channel, words, count);
#endif
}

// Phases of a tile, in groups of 32 channels; 0: a tile may start within a phase.
constexpr bool WHOLE_PHASES = N_TILE % PHASE_LENGTH == 0 && PHASE_LENGTH % 32 == 0;
constexpr int PHASES = !PHASE_CHANNELS || PHASE_LENGTH % N_TILE == 0 ? 1
                       : WHOLE_PHASES                                ? N_TILE / PHASE_LENGTH
                                                                     : 0;
constexpr bool NOISE_AHEAD = PHASES > 0 && PHASES * THREAD_PIXELS <= 16;  // registers
typedef float Offsets[THREAD_PIXELS];

// What memory has for a tile besides its sums: asked for ahead of them, so that it arrives meanwhile.
struct Ahead {
  Offsets noise[NOISE_AHEAD ? PHASES : 1];
  float previous[KEPT][COLOUR_COUNT][4];
};

// What the layer's noise is at each of a thread's pixels.
DEVICE void load_noise(Offsets& noise, const Epilogue& epilogue, const Picture& out,
                       const Pixels& pixels, int phase) {
#pragma unroll
  for (int i = 0; i < THREAD_PIXELS; i++) {
    const Pixel at = pixels.of(i);
    const bool is_noisy = epilogue.noise && has(out, at);
    noise[i] = is_noisy ? epilogue.noise[index_of(out, at, phase)] : 0.f;
  }
}

DEVICE void load_ahead(Ahead& ahead, const Epilogue& epilogue, const Picture& out,
                       const Pixels& pixels, const Tile& tile) {
  if (!ACTIVATE) return;
  if (NOISE_AHEAD) {
#pragma unroll
    for (int p = 0; p < PHASES; p++) {
      load_noise(ahead.noise[p], epilogue, out, pixels, tile.channel / PHASE_LENGTH + p);
    }
  }
  if (!HAS_PREVIOUS) return;
  const int lane = pixels.lane & 3, kept = first_kept<4, COLOUR_ROOM>(lane);
  const int height = out.height / 2, width = out.width / 2;
  const bool is_wanted = epilogue.rgb && epilogue.previous && lane < COLOUR_ROOM;
#pragma unroll
  for (int p = 0; p < KEPT; p++) {
    const Pixel at = pixels.of(kept + p);
    const bool exists = is_wanted && kept + p < THREAD_PIXELS && has(out, at);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int offset;
      const bool inside = upsampled_from(offset, at.y, at.x, i, height, width) && exists;
#pragma unroll
      for (int o = 0; o < RGB; o++) {
        ahead.previous[p][o][i] = inside ? epilogue.previous[o * height * width + offset] : 0.f;
      }
    }
  }
}

// What store_tile hands on: of a tile, and the colours that it gathers.
struct Storing {
  const Picture& out;
  const Epilogue& epilogue;
  const Pixels& pixels;
  const Ahead& ahead;
  float strength;  // of the noise
  Colours colours;
};

// `count` groups of 8 weight rows from `first` on are 8 count channels; a thread's sums are of
// 2 count consecutive ones.
DEVICE void store_channels(const Consumer& my, const Sums& sums, Storing& to, int channel,
                           int first, int count) {
  channel += first * 8 + (my.lane & 3) * 2 * count;
  if (channel >= to.out.channels) return;
  const int phase = channel / PHASE_LENGTH;
  channel -= phase * PHASE_LENGTH;
  Channels constants;
  if (ACTIVATE) load_channels(constants, to.epilogue, channel, 2 * count);
  Offsets noise;
  if (ACTIVATE && !NOISE_AHEAD) load_noise(noise, to.epilogue, to.out, to.pixels, phase);
  const Offsets& known = to.ahead.noise[PHASES > 1 ? first * 8 / PHASE_LENGTH : 0];
#pragma unroll
  for (int i = 0; i < THREAD_PIXELS; i++) {
    float v[8];
#pragma unroll
    for (int j = 0; j < 2 * count; j++) v[j] = sums[i / 2][4 * (first + j / 2) + i % 2 * 2 + j % 2];
    if (ACTIVATE) {
      const float offset = (NOISE_AHEAD ? known[i] : noise[i]) * to.strength;
      activate(v, to.colours[i], constants, offset, to.epilogue.clamp, 2 * count);
    }
    u32 words[4];
#pragma unroll
    for (int j = 0; j < count; j++) words[j] = to_half2(v[2 * j], v[2 * j + 1]);
    const Pixel at = to.pixels.of(i);
    if (STORE && has(to.out, at)) {
      store_pixel(to.out, index_of(to.out, at, phase), channel, words, count);
    }
  }
}

DEVICE void store_tile(const Consumer& my, const Sums& sums, const Picture& out,
                       const Epilogue& epilogue, const Tile& tile, const Pixels& pixels,
                       const Ahead& ahead) {
  constexpr int GROUPS = N_TILE / 8, FOURS = GROUPS / 4 * 4, TWOS = GROUPS / 2 * 2;
  const float strength = ACTIVATE && epilogue.noise ? *epilogue.strength * ACTIVATION_GAIN : 0.f;
  Storing to = {out, epilogue, pixels, ahead, strength, {}};
#pragma unroll
  for (int first = 0; first < FOURS; first += 4) {
    store_channels(my, sums, to, tile.channel, first, 4);
  }
  if (TWOS > FOURS) store_channels(my, sums, to, tile.channel, FOURS, 2);
  if (GROUPS > TWOS) store_channels(my, sums, to, tile.channel, TWOS, 1);
  if (RGB == 0 || !epilogue.rgb) return;
  // The four lanes of a pixel add up; each then stores some of their pixels.
  const int lane = my.lane & 3, kept = share_sums<4>(to.colours, lane);
  if (lane >= COLOUR_ROOM) return;  // another lane has the same
#pragma unroll
  for (int i = 0; i < KEPT; i++) {
    const Pixel at = pixels.of(kept + i);
    if (kept + i >= THREAD_PIXELS || !has(out, at)) continue;
    store_colours(epilogue, to.colours[i], ahead.previous[i], at, tile.channel / N_TILE,
                  out.height, out.width);
  }
}
