// StyleGAN3's Fourier features (Karras et al. 2021, section 3.1 and appendix F), channels last.
//
// The affine's output (rc, rs, tx, ty) over |(rc, rs)| and the user's transform move the grid:
// M = Rot(rc, rs) Trans(-tx, -ty) transform. Amplitudes fade frequencies that M pushes past the
// band limit. One thread a channel, blocks stride over pixels; sin is taken of a reduced argument.
//
// Constants: OUT_TYPE Float or Half.
#include "element.cuh"

KERNEL __launch_bounds__(128) input_features(
    const float* affine,     // [4]
    const float* transform,  // [3][3]
    const float* freqs,      // [channels][2]
    const float* phases,     // [channels]
    OUT_TYPE::type* y,       // [size][size][pitch]
    int size, int channels, int pitch, float sampling_rate, float bandwidth) {
  const int c = blockIdx.y * blockDim.x + threadIdx.x;
  if (c >= pitch) return;
  await_previous();
  float fx = 0, fy = 0, phase = 0, amplitude = 0;
  if (c < channels) {
    const float n = rsqrtf(fmaxf(affine[0] * affine[0] + affine[1] * affine[1], 1e-30f));
    const float rc = affine[0] * n, rs = affine[1] * n, tx = affine[2] * n, ty = affine[3] * n;
    const float motion[2][3] = {{rc, -rs, -rc * tx + rs * ty}, {rs, rc, -rs * tx - rc * ty}};
    float m[2][3];
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 3; j++) {
        m[i][j] = motion[i][0] * transform[j] + motion[i][1] * transform[3 + j] +
                  motion[i][2] * transform[6 + j];
      }
    }
    const float f0 = freqs[2 * c], f1 = freqs[2 * c + 1];
    phase = phases[c] + f0 * m[0][2] + f1 * m[1][2];
    fx = f0 * m[0][0] + f1 * m[1][0];
    fy = f0 * m[0][1] + f1 * m[1][1];
    const float fade = (sqrtf(fx * fx + fy * fy) - bandwidth) / (sampling_rate * 0.5f - bandwidth);
    amplitude = fminf(fmaxf(1 - fade, 0.f), 1.f);
  }
  const float extent = 0.5f * size / sampling_rate;
  for (int i = blockIdx.x; i < size * size; i += gridDim.x) {
    const float gx = extent * ((2 * (i % size) + 1.f) / size - 1);
    const float gy = extent * ((2 * (i / size) + 1.f) / size - 1);
    float turns = gx * fx + gy * fy + phase;
    turns -= rintf(turns);
    OUT_TYPE::store(y + (i64)i * pitch + c, sinpif(2 * turns) * amplitude);
  }
}
