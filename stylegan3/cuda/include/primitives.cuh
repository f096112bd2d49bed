// Device primitives as inline PTX: NVRTC then needs no header and no include path.
//
// The CPU emulator (tests/ops/emulator) has a file of the same name with the same functions, so
// every kernel written with these runs there, thread by thread, without a GPU.
//
// float16 values travel as bits: u16 for one, u32 for a pair (element 0 in the low half).
#pragma once

typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

#define DEVICE static __device__ __forceinline__
#define KERNEL extern "C" __global__ void
#define SHARED __shared__

// ---- float16 -----------------------------------------------------------------------------------

DEVICE float to_float(u16 h) { float f; asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h)); return f; }
DEVICE u16 to_half(float f) { u16 h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f)); return h; }
#if __CUDA_ARCH__ >= 800
DEVICE u32 to_half2(float low, float high) {
  u32 d; asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low)); return d;
}
#else
DEVICE u32 to_half2(float low, float high) {
  return (u32)to_half(low) | ((u32)to_half(high) << 16);
}
#endif
DEVICE float2 to_float2(u32 pair) {
  return make_float2(to_float((u16)pair), to_float((u16)(pair >> 16)));
}
DEVICE u32 multiply2(u32 a, u32 b) {
  u32 d; asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b)); return d;
}
// a + factor |a|
DEVICE u32 add_magnitude2(u32 a, u32 factor) {
  u32 d;
  asm("{ .reg .b32 t; abs.f16x2 t, %1; fma.rn.f16x2 %0, t, %2, %1; }" : "=r"(d) : "r"(a), "r"(factor));
  return d;
}
// Clamps both halves of `a` to +-limit (limit >= 0). NaN stays: such a picture is not shown.
#if __CUDA_ARCH__ >= 860
DEVICE u32 clamp2(u32 a, u32 limit) {
  u32 d; asm("min.NaN.xorsign.abs.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(limit)); return d;
}
#elif __CUDA_ARCH__ >= 800
DEVICE u32 clamp2(u32 a, u32 limit) {
  u32 d;
  asm("{ .reg .b32 t, n; min.NaN.f16x2 t, %1, %2; xor.b32 n, %2, 0x80008000;"
      " max.NaN.f16x2 %0, t, n; }"
      : "=r"(d) : "r"(a), "r"(limit));
  return d;
}
#endif
// max(a, |b|) for a >= 0, NaN if either is: so that what a comparison finds small is a number.
#if __CUDA_ARCH__ >= 800
DEVICE u32 max_magnitude2(u32 a, u32 b) {
  u32 d;
  asm("{ .reg .b32 t; abs.f16x2 t, %2; max.NaN.f16x2 %0, %1, t; }" : "=r"(d) : "r"(a), "r"(b));
  return d;
}
#endif
// Whether either half of `a` exceeds that of `limit`, or is NaN.
DEVICE bool exceeds2(u32 a, u32 limit) {
  u32 d;
  asm("{ .reg .pred p, q; setp.gtu.f16x2 p|q, %1, %2; or.pred p, p, q; selp.u32 %0, 1, 0, p; }"
      : "=r"(d) : "r"(a), "r"(limit));
  return d;
}
// The low halves, and the high halves, of two pairs.
DEVICE u32 pair_low(u32 a, u32 b) {
  u32 d; asm("prmt.b32 %0, %1, %2, 0x5410;" : "=r"(d) : "r"(a), "r"(b)); return d;
}
DEVICE u32 pair_high(u32 a, u32 b) {
  u32 d; asm("prmt.b32 %0, %1, %2, 0x7632;" : "=r"(d) : "r"(a), "r"(b)); return d;
}

// ---- float32 -----------------------------------------------------------------------------------

// Right to 4e-7 within +-pi.
DEVICE float sin_approximate(float x) { float y; asm("sin.approx.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }

// `v` within +-limit (limit >= 0). NaN stays.
#if __CUDA_ARCH__ >= 860
DEVICE float clamp_magnitude(float v, float limit) {
  float d; asm("min.NaN.xorsign.abs.f32 %0, %1, %2;" : "=f"(d) : "f"(v), "f"(limit)); return d;
}
#else
DEVICE float clamp_magnitude(float v, float limit) {
  return v < -limit ? -limit : v > limit ? limit : v;
}
#endif

// ---- tensor cores ------------------------------------------------------------------------------

// D[16][8] = A[16][16] B[16][8] + C, all float16. With lane = 4 g + t: c[0] = C[g][2t, 2t+1],
// c[1] = C[g+8][..]; a[q] = A[g + 8 (q & 1)][2t + 8 (q >> 1), ..]; b[q] = B[2t + 8q, ..][g].
#if __CUDA_ARCH__ >= 800
DEVICE void mma(u32 (&d)[2], const u32 (&a)[4], u32 b0, u32 b1, u32 c0, u32 c1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%8,%9};"
      : "=r"(d[0]), "=r"(d[1])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "r"(c0), "r"(c1));
}
// A B alone, in float32: d[0], d[1] = D[g][2t, 2t+1], d[2], d[3] = D[g+8][..].
DEVICE void mma(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9},"
      " {%10,%10,%10,%10};"
      : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(0.f));
}
#else
DEVICE void mma(u32 (&d)[2], const u32 (&a)[4], u32 b0, u32 b1, u32 c0, u32 c1) {
  asm("{ .reg .b32 s, t;\n"
      "mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {s,t}, {%2,%3}, {%6}, {%8,%9};\n"
      "mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%0,%1}, {%4,%5}, {%7}, {s,t}; }"
      : "=r"(d[0]), "=r"(d[1])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "r"(c0), "r"(c1));
}
#endif
// D += A B, in float32: d as above.
DEVICE void mma_add(float* d, const u32 (&a)[4], u32 b0, u32 b1) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9},"
      " {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
#pragma unroll
  for (int i = 0; i < 2; i++) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6},"
        " {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[2 * i]), "r"(a[2 * i + 1]), "r"(i ? b1 : b0));
  }
#endif
}
// Four 8x8 matrices of float16: lane l gives the address of a row of matrix l / 8, and gets
// row l / 4, columns 2 (l % 4) and the next of each.
DEVICE void load_matrices(u32 (&m)[4], u32 at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3]) : "r"(at) : "memory");
}

// ---- memory ------------------------------------------------------------------------------------

// Shared memory is addressed in bytes from the start of the dynamic part.
DEVICE u32 shared_start() {
  extern __shared__ uint4 dynamic_shared_[];
  return (u32)__cvta_generic_to_shared(dynamic_shared_);
}
DEVICE float* shared_floats() {
  extern __shared__ uint4 dynamic_shared_[];
  return (float*)dynamic_shared_;
}
DEVICE uint4 load_shared16(u32 at) {
  uint4 v;
  asm volatile("ld.shared.v4.b32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(at) : "memory");
  return v;
}
DEVICE uint2 load_shared8(u32 at) {
  uint2 v;
  asm volatile("ld.shared.v2.b32 {%0,%1}, [%2];" : "=r"(v.x), "=r"(v.y) : "r"(at) : "memory");
  return v;
}
DEVICE u32 load_shared4(u32 at) {
  u32 v; asm volatile("ld.shared.b32 %0, [%1];" : "=r"(v) : "r"(at) : "memory"); return v;
}
DEVICE void store_shared16(u32 at, uint4 v) {
  asm volatile("st.shared.v4.b32 [%0], {%1,%2,%3,%4};"
               :: "r"(at), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w) : "memory");
}
DEVICE void store_shared8(u32 at, u32 x, u32 y) {
  asm volatile("st.shared.v2.b32 [%0], {%1,%2};" :: "r"(at), "r"(x), "r"(y) : "memory");
}
DEVICE void store_shared4(u32 at, u32 v) {
  asm volatile("st.shared.b32 [%0], %1;" :: "r"(at), "r"(v) : "memory");
}
DEVICE void store_shared2(u32 at, u16 v) {
  asm volatile("st.shared.b16 [%0], %1;" :: "r"(at), "h"(v) : "memory");
}
// Through `*(uint4*)to = v` the compiler may store word by word.
DEVICE void store_global16(void* to, uint4 v) {
  asm volatile("st.global.v4.b32 [%0], {%1,%2,%3,%4};"
               :: "l"(__cvta_generic_to_global(to)), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w) : "memory");
}
DEVICE void store_global8(void* to, u32 x, u32 y) {
  asm volatile("st.global.v2.b32 [%0], {%1,%2};"
               :: "l"(__cvta_generic_to_global(to)), "r"(x), "r"(y) : "memory");
}

// Prefetches 128 bytes to L2.
DEVICE void prefetch(const void* at) {
  asm volatile("prefetch.global.L2 [%0];" :: "l"(__cvta_generic_to_global(at)));
}

// Copies 16 bytes from global to shared memory in the background (sm_80; at once before that).
#if __CUDA_ARCH__ >= 800
DEVICE void copy_async16(u32 to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
               :: "r"(to), "l"(__cvta_generic_to_global(from)) : "memory");
}
// The same where `exists`, zeros else; nothing is read then.
DEVICE void copy_async16_or_zeros(u32 to, const void* from, bool exists) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :: "r"(to), "l"(__cvta_generic_to_global(from)), "r"(exists ? 16 : 0) : "memory");
}
DEVICE void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most `PENDING` of this thread's latest groups are still on their way.
template <int PENDING> DEVICE void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" :: "n"(PENDING) : "memory");
}
#else
DEVICE void copy_async16_or_zeros(u32 to, const void* from, bool exists) {
  store_shared16(to, exists ? *(const uint4*)from : make_uint4(0, 0, 0, 0));
}
DEVICE void copy_async16(u32 to, const void* from) { copy_async16_or_zeros(to, from, true); }
DEVICE void copy_async_commit() {}
template <int PENDING> DEVICE void copy_async_wait() {}
#endif

// ---- barriers ----------------------------------------------------------------------------------
// In shared memory, 8 bytes each (sm_80). A barrier completes a phase after `arrivals` arrivals, and
// all bytes that were announced (hopper.cuh); phases have parity 0, 1, 0, .. Waiting for parity 1 on
// a new barrier returns at once.

#if __CUDA_ARCH__ >= 800
DEVICE void barrier_init(u32 at, int arrivals) {
  asm volatile("mbarrier.init.shared.b64 [%0], %1;" :: "r"(at), "r"(arrivals) : "memory");
}
DEVICE void barrier_arrive(u32 at) {
  asm volatile("{ .reg .b64 state; mbarrier.arrive.shared.b64 state, [%0]; }" :: "r"(at) : "memory");
}
DEVICE void barrier_wait(u32 at, int parity) {
  u32 done;
  do {
#if __CUDA_ARCH__ >= 900
    asm volatile(
        "{ .reg .pred p; mbarrier.try_wait.parity.shared.b64 p, [%1], %2;\n"
        "  selp.u32 %0, 1, 0, p; }" : "=r"(done) : "r"(at), "r"(parity) : "memory");
#else
    asm volatile(
        "{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], %2;\n"
        "  selp.u32 %0, 1, 0, p; }" : "=r"(done) : "r"(at), "r"(parity) : "memory");
#endif
  } while (!done);
}
#endif

// ---- blocks that run at once -------------------------------------------------------------------
// Blocks that all run (KernelSpec.is_cooperative) may pass numbers on to each other, past L1, while they
// run. Aligned words of 8 bytes are written and read as a whole: a ticket in the high half says that
// the number beside it is there, without a fence. Tickets differ from launch to launch, and from 0.
// A value that another thread block may have written while this one ran.
DEVICE float load_fresh(const float* from) {
  float v;
  asm volatile("ld.relaxed.gpu.global.f32 %0, [%1];"
               : "=f"(v) : "l"(__cvta_generic_to_global(from)) : "memory");
  return v;
}
DEVICE u32 load_coherent4(const u32* from) {
  u32 v;
  asm volatile("ld.relaxed.gpu.global.b32 %0, [%1];"
               : "=r"(v) : "l"(__cvta_generic_to_global(from)) : "memory");
  return v;
}
DEVICE void post(u64* to, float value, u32 ticket) {
  asm volatile("{ .reg .b64 word; mov.b64 word, {%1, %2}; st.relaxed.gpu.global.b64 [%0], word; }"
               :: "l"(__cvta_generic_to_global(to)), "f"(value), "r"(ticket) : "memory");
}
// Whether the numbers of two neighbouring words (16 bytes, aligned) are there.
DEVICE bool collect(float2& values, const u64* from, u32 ticket) {
  u32 first, second;
  asm volatile("{ .reg .b64 a, b; ld.relaxed.gpu.global.v2.b64 {a, b}, [%4];\n"
               "  mov.b64 {%0, %1}, a; mov.b64 {%2, %3}, b; }"
               : "=f"(values.x), "=r"(first), "=f"(values.y), "=r"(second)
               : "l"(__cvta_generic_to_global(from)) : "memory");
  return first == ticket && second == ticket;
}

// ---- launches that overlap ---------------------------------------------------------------------
// A kernel with this may be launched while the one before it still runs (programmatic dependent
// launch, sm_90; kernel.py), so that its launch and what it does up to here cost no time of their
// own. Up to here it may read only what no such kernel writes, and write nothing: weights, filters
// and tables come from kernels that let nobody start early. All threads that go on call it.
// Where nothing of the previous kernel could be read early, `let_next_start` is the half that helps
// the next one.
DEVICE void let_next_start() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
DEVICE void await_previous() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents; griddepcontrol.wait;" ::: "memory");
#endif
}

// ---- warps -------------------------------------------------------------------------------------

DEVICE float lane_xor(float v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE bool warp_any(bool v) { return __any_sync(0xffffffffu, v); }
DEVICE float warp_sum(float v) {
#pragma unroll
  for (int mask = 16; mask; mask >>= 1) v += lane_xor(v, mask);
  return v;
}
DEVICE float warp_max(float v) {
#pragma unroll
  for (int mask = 16; mask; mask >>= 1) v = fmaxf(v, lane_xor(v, mask));
  return v;
}
// end of primitives
