// Simplex noise with the parameters of TouchDesigner's Noise TOP: the latent vector of a frame.
//
// Gustavson's construction ("Simplex noise demystified", 2005); the same hash, gradients and
// arithmetic as noise.py, simplex.py and lattice.py in src/sgview/engine/latents/, which are the
// specification.
// DIMENSIONS (2, 3 or 4) is defined by the host. One thread makes one number.

struct SimplexNoise {
    double origin[4];     // of the strip [cells]
    double direction[4];  // [cells a strip width]
    double spread;        // frequency factor from octave to octave
    double gain;          // amplitude factor from octave to octave
    float norm;           // 1 / root of the sum of squared amplitudes
    float exponent;
    float amplitude;
    float offset;
    unsigned seed;
    int harmonics;        // octaves beyond the first
    int count;            // numbers in a row
    int rows;
    int is_independent;   // every number a track of its own
    int is_monochrome;    // all rows equal
    int quantile_steps;   // length of the table
};

#if DIMENSIONS == 2
#define DIAGONAL 0.70710678118654752f
__device__ const float GRADIENTS[8][2] = {
    {-DIAGONAL, -DIAGONAL}, {-1, 0}, {-DIAGONAL, DIAGONAL}, {0, -1},
    {0, 1}, {DIAGONAL, -DIAGONAL}, {1, 0}, {DIAGONAL, DIAGONAL}};
#define GRADIENT_COUNT 8u
#define SCALE 99.2f
#define SKEW 0.36602540378443865    // (sqrt(3) - 1) / 2
#define UNSKEW 0.21132486540518713  // (1 - 1 / sqrt(3)) / 2
#elif DIMENSIONS == 3
__device__ const float GRADIENTS[12][3] = {
    {-1, -1, 0}, {-1, 0, -1}, {-1, 0, 1}, {-1, 1, 0}, {0, -1, -1}, {0, -1, 1},
    {0, 1, -1}, {0, 1, 1}, {1, -1, 0}, {1, 0, -1}, {1, 0, 1}, {1, 1, 0}};
#define GRADIENT_COUNT 12u
#define SCALE 76.88f
#define SKEW 0.33333333333333333    // (sqrt(4) - 1) / 3
#define UNSKEW 0.16666666666666667  // (1 - 1 / sqrt(4)) / 3
#else
__device__ const float GRADIENTS[32][4] = {
    {-1, -1, -1, 0}, {-1, -1, 0, -1}, {-1, -1, 0, 1}, {-1, -1, 1, 0},
    {-1, 0, -1, -1}, {-1, 0, -1, 1}, {-1, 0, 1, -1}, {-1, 0, 1, 1},
    {-1, 1, -1, 0}, {-1, 1, 0, -1}, {-1, 1, 0, 1}, {-1, 1, 1, 0},
    {0, -1, -1, -1}, {0, -1, -1, 1}, {0, -1, 1, -1}, {0, -1, 1, 1},
    {0, 1, -1, -1}, {0, 1, -1, 1}, {0, 1, 1, -1}, {0, 1, 1, 1},
    {1, -1, -1, 0}, {1, -1, 0, -1}, {1, -1, 0, 1}, {1, -1, 1, 0},
    {1, 0, -1, -1}, {1, 0, -1, 1}, {1, 0, 1, -1}, {1, 0, 1, 1},
    {1, 1, -1, 0}, {1, 1, 0, -1}, {1, 1, 0, 1}, {1, 1, 1, 0}};
#define GRADIENT_COUNT 32u
#define SCALE 62.8f
#define SKEW 0.30901699437494745    // (sqrt(5) - 1) / 4
#define UNSKEW 0.13819660112501053  // (1 - 1 / sqrt(5)) / 4
#endif

#define GOLDEN 0x9E3779B1u

__device__ unsigned mix(unsigned h) {
    h ^= h >> 16;
    h *= 0x7FEB352Du;
    h ^= h >> 15;
    h *= 0x846CA68Bu;
    return h ^ (h >> 16);
}

// One octave at `position`, its domain shifted by the seed; -1..1.
__device__ float simplex(const double* position, unsigned seed) {
    double point[DIMENSIONS], skewed = 0.0, unskewed = 0.0;
    for (int d = 0; d < DIMENSIONS; ++d) {
        point[d] = position[d] + mix(seed + (d + 1) * GOLDEN) * (64.0 / 4294967296.0);
        skewed += point[d];
    }
    double cell[DIMENSIONS];
    for (int d = 0; d < DIMENSIONS; ++d) {
        cell[d] = floor(point[d] + skewed * SKEW);
        unskewed += cell[d];
    }
    float inside[DIMENSIONS];
    for (int d = 0; d < DIMENSIONS; ++d) inside[d] = (float)(point[d] - cell[d] + unskewed * UNSKEW);

    // How many coordinates are smaller; of equal ones the first counts as larger.
    int ranks[DIMENSIONS];
    for (int d = 0; d < DIMENSIONS; ++d) {
        ranks[d] = 0;
        for (int e = 0; e < DIMENSIONS; ++e)
            ranks[d] += inside[d] > inside[e] || (inside[d] == inside[e] && e > d);
    }

    float sum = 0.0f;
    for (int corner = 0; corner <= DIMENSIONS; ++corner) {
        float offset[DIMENSIONS], falloff = 0.5f;
        unsigned h = mix(seed);
        for (int d = 0; d < DIMENSIONS; ++d) {
            int step = ranks[d] >= DIMENSIONS - corner;
            offset[d] = inside[d] - (float)step + (float)corner * (float)UNSKEW;
            falloff -= offset[d] * offset[d];
            h = mix(h ^ (unsigned)((long long)cell[d] + step));
        }
        if (falloff <= 0.0f) continue;
        const float* gradient = GRADIENTS[h % GRADIENT_COUNT];
        float slope = 0.0f;
        for (int d = 0; d < DIMENSIONS; ++d) slope += gradient[d] * offset[d];
        falloff *= falloff;
        sum += falloff * falloff * slope;
    }
    return sum * SCALE;
}

extern "C" __global__ void simplex_noise(
    float* out,              // [rows, count]
    const float* quantiles,  // normal values at even steps over [-1, 1]; null leaves the noise as it is
    SimplexNoise noise) {
    int index = blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= noise.rows * noise.count) return;
    int row = noise.is_monochrome ? 0 : index / noise.count;
    int column = index % noise.count;

    unsigned seed = noise.seed + row * 0x85EBCA6Bu;
    double u = (column + 0.5) / noise.count - 0.5;
    if (noise.is_independent) {
        seed = mix(mix(seed) + column * GOLDEN);
        u = 0.0;
    }

    float value = 0.0f, amplitude = noise.norm;
    double frequency = 1.0;
    for (int octave = 0; octave <= noise.harmonics; ++octave) {
        double position[DIMENSIONS];
        for (int d = 0; d < DIMENSIONS; ++d)
            position[d] = (noise.origin[d] + u * noise.direction[d]) * frequency;
        float v = simplex(position, mix(seed + octave * GOLDEN));
        if (quantiles) {
            float place = (v + 1.0f) * (0.5f * (noise.quantile_steps - 1));
            int left = (int)place;
            left = left < 0 ? 0 : left > noise.quantile_steps - 2 ? noise.quantile_steps - 2 : left;
            v = quantiles[left] + (quantiles[left + 1] - quantiles[left]) * (place - left);
        }
        value += amplitude * v;
        amplitude *= (float)noise.gain;
        frequency *= noise.spread;
    }
    if (noise.exponent != 1.0f) value = copysignf(powf(fabsf(value), noise.exponent), value);
    out[index] = value * noise.amplitude + noise.offset;
}
