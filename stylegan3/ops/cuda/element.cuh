// Storage of activations: float32 or float16, always computed with as float32.
#pragma once
#include "primitives.cuh"

struct Float {
  typedef float type;
  static __device__ __forceinline__ float load(const float* p) { return *p; }
  static __device__ __forceinline__ void store(float* p, float v) { *p = v; }
};
struct Half {
  typedef u16 type;
  static __device__ __forceinline__ float load(const u16* p) { return to_float(*p); }
  static __device__ __forceinline__ void store(u16* p, float v) { *p = to_half(v); }
};

// Eight consecutive values as float32; `p` is 16-byte aligned.
DEVICE void load8(float (&v)[8], const float* p) {
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    const float4 q = *(const float4*)(p + i);
    v[i] = q.x, v[i + 1] = q.y, v[i + 2] = q.z, v[i + 3] = q.w;
  }
}
DEVICE void load8(float (&v)[8], const u16* p) {
  const uint4 q = *(const uint4*)p;
  const u32 pairs[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float2 f = to_float2(pairs[i]);
    v[2 * i] = f.x, v[2 * i + 1] = f.y;
  }
}
DEVICE void store8(float* p, const float (&v)[8]) {
  *(float4*)p = make_float4(v[0], v[1], v[2], v[3]);
  *(float4*)(p + 4) = make_float4(v[4], v[5], v[6], v[7]);
}
DEVICE void store8(u16* p, const float (&v)[8]) {
  *(uint4*)p = make_uint4(to_half2(v[0], v[1]), to_half2(v[2], v[3]), to_half2(v[4], v[5]),
                          to_half2(v[6], v[7]));
}
