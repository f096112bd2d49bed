// The device primitives of stylegan3/cuda/include/primitives.cuh for a CPU: a thread block runs as one
// fiber per thread, warp-wide instructions gather their 32 lanes, and what the hardware leaves
// undefined is made as unfriendly as is legal (shared memory starts as NaN; background copies are
// invisible until they are waited for). It checks index arithmetic and synchronisation, not speed.
#pragma once
#include "scheduler.h"

#define DEVICE static inline
#define KERNEL extern "C" void
#define __global__  // of kernels without our headers
#define SHARED static
#define __device__
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#define __CUDA_ARCH__ 900

struct int2 { int x, y; };
struct uint2 { u32 x, y; };
struct uint4 { u32 x, y, z, w; };
struct float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct uchar4 { uchar x, y, z, w; };
static inline uint2 make_uint2(u32 x, u32 y) { return {x, y}; }
static inline uint4 make_uint4(u32 x, u32 y, u32 z, u32 w) { return {x, y, z, w}; }
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline uchar4 make_uchar4(uchar x, uchar y, uchar z, uchar w) { return {x, y, z, w}; }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
static inline float rsqrtf(float x) { return 1 / sqrtf(x); }

namespace emulator {
static void check_shared(u32 at, u32 bytes) {
  if (at + bytes > shared_size || at % bytes) {
    fprintf(stderr, "thread %d: shared address %u of %u bytes, size %u\n", current, at, bytes, shared_size);
    abort();
  }
}
static float half_value(u16 bits) { _Float16 h; memcpy(&h, &bits, 2); return (float)h; }
static u16 half_bits(float f) { _Float16 h = (_Float16)f; u16 bits; memcpy(&bits, &h, 2); return bits; }
static float low(u32 pair) { return half_value((u16)pair); }
static float high(u32 pair) { return half_value((u16)(pair >> 16)); }
static u32 pack(float a, float b) { return half_bits(a) | ((u32)half_bits(b) << 16); }

template <size_t... I> struct Indices {};
template <size_t N, size_t... I> struct Count : Count<N - 1, N - 1, I...> {};
template <size_t... I> struct Count<0, I...> { typedef Indices<I...> indices; };
// Calls a kernel with arguments as cuLaunchKernel takes them: addresses of its parameters.
template <auto FUNCTION> struct Call;
template <class... A, void (*FUNCTION)(A...)> struct Call<FUNCTION> {
  template <size_t... I> static void pass(void** arguments, Indices<I...>) {
    FUNCTION(*(A*)arguments[I]...);
  }
  static void with(void** arguments) { pass(arguments, typename Count<sizeof...(A)>::indices{}); }
};
static u32 rounds;  // of all launches so far
}  // namespace emulator

#define threadIdx (Index{emulator::current, 0, 0})
#define blockIdx (emulator::here->index)
#define blockDim (Index{emulator::threads, 1, 1})
#define gridDim (emulator::grid_size)
#define __syncthreads() emulator::barrier()

DEVICE void __syncwarp() { emulator::with_warp(nullptr, [](void**) {}); }
DEVICE int __syncthreads_or(int predicate) {
  static int gathered, result;
  if (emulator::here->arrived == 0) gathered = 0;
  gathered |= predicate;
  if (emulator::here->arrived == emulator::threads - 1) result = gathered;
  emulator::barrier();
  return result;
}
DEVICE u32 atomicOr(u32* at, u32 value) { const u32 old = *at; *at |= value; return old; }
DEVICE u32 atomicMax(u32* at, u32 value) { const u32 old = *at; *at = old > value ? old : value; return old; }
DEVICE int atomicMax(int* at, int value) { const int old = *at; *at = max(old, value); return old; }
DEVICE int atomicAdd(int* at, int value) { const int old = *at; *at += value; return old; }
DEVICE void __threadfence() {}
DEVICE float __uint_as_float(u32 v) { float f; memcpy(&f, &v, 4); return f; }
DEVICE u32 __float_as_uint(float f) { u32 v; memcpy(&v, &f, 4); return v; }
DEVICE int __float_as_int(float f) { int v; memcpy(&v, &f, 4); return v; }

DEVICE float to_float(u16 h) { return emulator::half_value(h); }
DEVICE u16 to_half(float f) { return emulator::half_bits(f); }
DEVICE u32 to_half2(float a, float b) { return emulator::pack(a, b); }
DEVICE float2 to_float2(u32 pair) { return {emulator::low(pair), emulator::high(pair)}; }
DEVICE u32 multiply2(u32 a, u32 b) {
  using namespace emulator;
  return pack(low(a) * low(b), high(a) * high(b));
}
DEVICE u32 add_magnitude2(u32 a, u32 factor) {
  using namespace emulator;
  return pack(low(a) + fabsf(low(a)) * low(factor), high(a) + fabsf(high(a)) * high(factor));
}
DEVICE u32 clamp2(u32 a, u32 limit) {
  using namespace emulator;
  auto clamp = [](float x, float c) { return fabsf(x) > c ? copysignf(c, x) : x; };
  return pack(clamp(low(a), low(limit)), clamp(high(a), high(limit)));
}
DEVICE u32 max_magnitude2(u32 a, u32 b) {
  using namespace emulator;
  auto larger = [](float x, float y) { return x != x || y != y ? NAN : fmaxf(x, fabsf(y)); };
  return pack(larger(low(a), low(b)), larger(high(a), high(b)));
}
DEVICE bool exceeds2(u32 a, u32 limit) {
  using namespace emulator;
  return !(low(a) <= low(limit)) || !(high(a) <= high(limit));
}
DEVICE float clamp_magnitude(float v, float limit) {
  return v < -limit ? -limit : v > limit ? limit : v;
}
DEVICE float sin_approximate(float x) { return sinf(x); }
DEVICE u32 pair_low(u32 a, u32 b) { return (a & 0xffff) | (b << 16); }
DEVICE u32 pair_high(u32 a, u32 b) { return (a >> 16) | (b & 0xffff0000u); }

struct MmaLane { u32* d; const u32* a; u32 b[2], c[2]; };
DEVICE void mma(u32 (&d)[2], const u32 (&a)[4], u32 b0, u32 b1, u32 c0, u32 c1) {
  MmaLane mine{d, a, {b0, b1}, {c0, c1}};
  emulator::with_warp(&mine, [](void** lanes) {
    using namespace emulator;
    float A[16][16], B[16][8], C[16][8];
    for (int lane = 0; lane < 32; lane++) {
      const MmaLane& m = *(MmaLane*)lanes[lane];
      const int g = lane / 4, t = lane % 4;
      for (int q = 0; q < 4; q++) {
        const int row = g + 8 * (q & 1), k = 2 * t + 8 * (q >> 1);
        A[row][k] = low(m.a[q]);
        A[row][k + 1] = high(m.a[q]);
      }
      for (int q = 0; q < 2; q++) {
        B[2 * t + 8 * q][g] = low(m.b[q]);
        B[2 * t + 8 * q + 1][g] = high(m.b[q]);
        C[g + 8 * q][2 * t] = low(m.c[q]);
        C[g + 8 * q][2 * t + 1] = high(m.c[q]);
      }
    }
    for (int i = 0; i < 16; i++)
      for (int j = 0; j < 8; j++)
        for (int k = 0; k < 16; k++) C[i][j] += A[i][k] * B[k][j];
    for (int lane = 0; lane < 32; lane++) {
      const int g = lane / 4, t = lane % 4;
      for (int q = 0; q < 2; q++)
        ((MmaLane*)lanes[lane])->d[q] = pack(C[g + 8 * q][2 * t], C[g + 8 * q][2 * t + 1]);
    }
  });
}
struct MmaFloatLane { float* d; const u32* a; u32 b[2]; };
DEVICE void mma(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  MmaFloatLane mine{d, a, {b0, b1}};
  emulator::with_warp(&mine, [](void** lanes) {
    using namespace emulator;
    float A[16][16], B[16][8];
    for (int lane = 0; lane < 32; lane++) {
      const MmaFloatLane& m = *(MmaFloatLane*)lanes[lane];
      const int g = lane / 4, t = lane % 4;
      for (int q = 0; q < 4; q++) {
        A[g + 8 * (q & 1)][2 * t + 8 * (q >> 1)] = low(m.a[q]);
        A[g + 8 * (q & 1)][2 * t + 8 * (q >> 1) + 1] = high(m.a[q]);
      }
      for (int q = 0; q < 2; q++) {
        B[2 * t + 8 * q][g] = low(m.b[q]);
        B[2 * t + 8 * q + 1][g] = high(m.b[q]);
      }
    }
    for (int lane = 0; lane < 32; lane++)
      for (int i = 0; i < 4; i++) {
        const int row = lane / 4 + 8 * (i >> 1), column = 2 * (lane % 4) + (i & 1);
        float sum = 0;
        for (int k = 0; k < 16; k++) sum += A[row][k] * B[k][column];
        ((MmaFloatLane*)lanes[lane])->d[i] = sum;
      }
  });
}

// As the hardware adds: exactly, then once rounded to float32.
DEVICE void mma_add(float* d, const u32 (&a)[4], u32 b0, u32 b1) {
  float products[4];
  mma(products, a, b0, b1);
  for (int i = 0; i < 4; i++) d[i] += products[i];
}
struct MatrixLane { u32 at; u32* m; };
DEVICE void load_matrices(u32 (&m)[4], u32 at) {
  emulator::check_shared(at, 16);
  MatrixLane mine{at, m};
  emulator::with_warp(&mine, [](void** lanes) {
    for (int lane = 0; lane < 32; lane++)
      for (int i = 0; i < 4; i++) {
        const u32 row = ((MatrixLane*)lanes[8 * i + lane / 4])->at;
        memcpy(((MatrixLane*)lanes[lane])->m + i, emulator::shared + row + 4 * (lane % 4), 4);
      }
  });
}

DEVICE u32 shared_start() { return 0; }
DEVICE float* shared_floats() { return (float*)emulator::shared; }
DEVICE uint4 load_shared16(u32 at) {
  emulator::check_shared(at, 16);
  uint4 v;
  memcpy(&v, emulator::shared + at, 16);
  return v;
}
DEVICE uint2 load_shared8(u32 at) {
  emulator::check_shared(at, 8);
  uint2 v;
  memcpy(&v, emulator::shared + at, 8);
  return v;
}
DEVICE void store_shared16(u32 at, uint4 v) {
  emulator::check_shared(at, 16);
  memcpy(emulator::shared + at, &v, 16);
}
DEVICE void store_shared8(u32 at, u32 x, u32 y) {
  emulator::check_shared(at, 8);
  const uint2 v{x, y};
  memcpy(emulator::shared + at, &v, 8);
}
DEVICE u32 load_shared4(u32 at) {
  emulator::check_shared(at, 4);
  u32 v;
  memcpy(&v, emulator::shared + at, 4);
  return v;
}
DEVICE void store_shared4(u32 at, u32 v) {
  emulator::check_shared(at, 4);
  memcpy(emulator::shared + at, &v, 4);
}
DEVICE void store_shared2(u32 at, u16 v) {
  emulator::check_shared(at, 2);
  memcpy(emulator::shared + at, &v, 2);
}
DEVICE void store_global16(void* to, uint4 v) {
  if ((uintptr_t)to % 16) abort();
  memcpy(to, &v, 16);
}
DEVICE void store_global8(void* to, u32 x, u32 y) {
  if ((uintptr_t)to % 8) abort();
  memcpy(to, &x, 4);
  memcpy((u16*)to + 2, &y, 4);
}

DEVICE void copy_async16(u32 to, const void* from) {
  emulator::check_shared(to, 16);
  emulator::copy_later(to, from);
}
DEVICE void copy_async16_or_zeros(u32 to, const void* from, bool exists) {
  static const unsigned char zeros[16] = {};
  copy_async16(to, exists ? from : zeros);
}
DEVICE void copy_async_commit() { emulator::commit_copies(); }
template <int PENDING> DEVICE void copy_async_wait() { emulator::await_copies(PENDING); }

namespace emulator {
struct Barrier { short pending, arrivals; int bytes : 31; u32 parity : 1; };
static_assert(sizeof(Barrier) == 8, "as in hardware");
static Barrier* barrier_at(u32 at) {
  check_shared(at, 8);
  return (Barrier*)(shared + at);
}
static void settle(Barrier* b) {
  if (b->pending == 0 && b->bytes == 0) {
    b->pending = b->arrivals;
    b->parity ^= 1;
  }
}
}  // namespace emulator
DEVICE void barrier_init(u32 at, int arrivals) {
  *emulator::barrier_at(at) = {(short)arrivals, (short)arrivals, 0, 0};
}
DEVICE void barrier_arrive(u32 at) {
  emulator::Barrier* b = emulator::barrier_at(at);
  if (b->pending-- == 0) fprintf(stderr, "one arrival too many at %u\n", at), abort();
  emulator::settle(b);
}
DEVICE void barrier_wait(u32 at, int parity) {
  for (int rounds = 0; (int)emulator::barrier_at(at)->parity == parity; rounds++) {
    if (rounds > 10000000) fprintf(stderr, "waited for ever at %u\n", at), abort();
    emulator::yield();
  }
}

struct ShuffleLane { float value, result; int mask; };
DEVICE float lane_xor(float v, int mask) {
  ShuffleLane mine{v, 0, mask};
  emulator::with_warp(&mine, [](void** lanes) {
    for (int lane = 0; lane < 32; lane++) {
      ShuffleLane& l = *(ShuffleLane*)lanes[lane];
      l.result = ((ShuffleLane*)lanes[lane ^ l.mask])->value;
    }
  });
  return mine.result;
}
// Words that other blocks read come late: at the reader's next turn at the earliest.
DEVICE void prefetch(const void* at) { (void)*(const volatile char*)at; }
DEVICE float load_fresh(const float* from) { return *from; }
DEVICE u32 load_coherent4(const u32* from) { return *from; }
DEVICE void post(u64* to, float value, u32 ticket) {
  *to = (u64)ticket << 32 | __float_as_uint(value);
}
DEVICE bool collect(float2& values, const u64* from, u32 ticket) {
  if ((uintptr_t)from % 16) abort();
  emulator::yield();
  values = {__uint_as_float((u32)from[0]), __uint_as_float((u32)from[1])};
  return from[0] >> 32 == ticket && from[1] >> 32 == ticket;
}
DEVICE void let_next_start() {}
DEVICE void await_previous() {}  // blocks run one after the other here

struct VoteLane { bool value, result; };
DEVICE bool warp_any(bool v) {
  VoteLane mine{v, false};
  emulator::with_warp(&mine, [](void** lanes) {
    bool any = false;
    for (int lane = 0; lane < 32; lane++) any |= ((VoteLane*)lanes[lane])->value;
    for (int lane = 0; lane < 32; lane++) ((VoteLane*)lanes[lane])->result = any;
  });
  return mine.result;
}
DEVICE float warp_sum(float v) {
  for (int mask = 16; mask; mask >>= 1) v += lane_xor(v, mask);
  return v;
}
DEVICE float warp_max(float v) {
  for (int mask = 16; mask; mask >>= 1) v = fmaxf(v, lane_xor(v, mask));
  return v;
}
