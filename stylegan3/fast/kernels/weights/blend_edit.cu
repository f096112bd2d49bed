// Blend and edit many tensors in one launch:
//   live = max((a + amount * (b - a)) * factor + offset, floor)
// `b` may be null (no partner). Amounts come from device memory, so a moving one needs no new table.
// Memory-bound; a block takes CHUNK values of one tensor.
#include "primitives.cuh"

constexpr int CHUNK = 4096;

struct Job {
  const float* a;
  const float* b;  // or null
  float* live;
  i64 count;
};
struct Amounts {
  float amount, factor, offset, floor;
};

KERNEL __launch_bounds__(256) blend_edit(const Job* jobs, const Amounts* amounts, const int2* blocks) {
  const int index = blocks[blockIdx.x].x;
  const Job job = jobs[index];
  const Amounts k = amounts[index];
  const i64 first = (i64)blocks[blockIdx.x].y * CHUNK;
  const i64 last = first + CHUNK < job.count ? first + CHUNK : job.count;
  auto mix = [&](float a, float b) {
    // both ends exactly: amount 0 gives a, 1 gives b
    const float v = k.amount < 0.5f ? a + k.amount * (b - a) : b - (1 - k.amount) * (b - a);
    const float edited = v * k.factor + k.offset;
    return edited < k.floor ? k.floor : edited;  // NaN stays
  };
  const bool aligned = (((i64)job.a | (i64)job.b | (i64)job.live) & 15) == 0;
  if (aligned && last - first == CHUNK) {
    // all loads before the first store, which might overwrite what they read for all the compiler knows
    constexpr int VECTORS = CHUNK / 1024;
    float4 a[VECTORS], b[VECTORS];
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
      const i64 at = first + (i * 256 + threadIdx.x) * 4;
      a[i] = *(const float4*)(job.a + at);
      b[i] = job.b ? *(const float4*)(job.b + at) : a[i];
    }
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
      const i64 at = first + (i * 256 + threadIdx.x) * 4;
      *(float4*)(job.live + at) = make_float4(mix(a[i].x, b[i].x), mix(a[i].y, b[i].y),
                                              mix(a[i].z, b[i].z), mix(a[i].w, b[i].w));
    }
  } else {
    for (i64 at = first + threadIdx.x; at < last; at += 256) {
      const float a = job.a[at];
      job.live[at] = mix(a, job.b ? job.b[at] : a);
    }
  }
}
