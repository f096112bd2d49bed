// Storage of activations: float32 or float16, always computed with as float32, moved 8 at a time.
#pragma once
#include "primitives.cuh"

struct Float8 {
  float4 low, high;
};
struct Float {
  typedef float type;
  typedef Float8 Eight;
  static __device__ __forceinline__ float load(const float* p) { return *p; }
  static __device__ __forceinline__ void store(float* p, float v) { *p = v; }
  static __device__ __forceinline__ Eight zeros() {
    return {make_float4(0, 0, 0, 0), make_float4(0, 0, 0, 0)};
  }
};
struct Half {
  typedef u16 type;
  typedef uint4 Eight;
  static __device__ __forceinline__ float load(const u16* p) { return to_float(*p); }
  static __device__ __forceinline__ void store(u16* p, float v) { *p = to_half(v); }
  static __device__ __forceinline__ Eight zeros() { return make_uint4(0, 0, 0, 0); }
};

// Eight consecutive values; `p` is 16-byte aligned. Apart from unpacking them, so that many loads can
// be under way in few registers.
DEVICE void load(Float8& v, const float* p) { v = {*(const float4*)p, *(const float4*)(p + 4)}; }
DEVICE void load(uint4& v, const u16* p) { v = *(const uint4*)p; }
DEVICE void unpack(float (&v)[8], const Float8& q) {
  v[0] = q.low.x, v[1] = q.low.y, v[2] = q.low.z, v[3] = q.low.w;
  v[4] = q.high.x, v[5] = q.high.y, v[6] = q.high.z, v[7] = q.high.w;
}
DEVICE void unpack(float (&v)[8], const uint4& q) {
  const u32 pairs[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float2 f = to_float2(pairs[i]);
    v[2 * i] = f.x, v[2 * i + 1] = f.y;
  }
}
DEVICE void load8(float (&v)[8], const float* p) {
  Float8 q;
  load(q, p);
  unpack(v, q);
}
DEVICE void load8(float (&v)[8], const u16* p) {
  uint4 q;
  load(q, p);
  unpack(v, q);
}
DEVICE void store8(float* p, const float (&v)[8]) {
  *(float4*)p = make_float4(v[0], v[1], v[2], v[3]);
  *(float4*)(p + 4) = make_float4(v[4], v[5], v[6], v[7]);
}
DEVICE void store8(u16* p, const float (&v)[8]) {
  store_global16(p, make_uint4(to_half2(v[0], v[1]), to_half2(v[2], v[3]), to_half2(v[4], v[5]),
                               to_half2(v[6], v[7])));
}
// Values `first` .. `first + 7` of a row of `count`, zero beyond its end; any alignment.
DEVICE void load_eight_of(float (&v)[8], const float* row, int first, int count) {
  if (first + 8 <= count && ((i64)(row + first) & 15) == 0) {
    load8(v, row + first);
  } else {
#pragma unroll
    for (int i = 0; i < 8; i++) v[i] = first + i < count ? row[first + i] : 0.f;
  }
}

// `v` within +-limit. NaN stays: a picture that has one is not shown.
DEVICE float limited(float v, float limit) { return v < -limit ? -limit : v > limit ? limit : v; }
