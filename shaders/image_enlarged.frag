#version 410 core

// The picture drawn larger than it is, by a cubic filter over 4 x 4 of its pixels: Mitchell and
// Netravali 1988, "Reconstruction filters in computer graphics", equation 8. Those with 2 C + B = 1
// keep linear ramps; B = 0 is Catmull-Rom, B below 0 sharpens, and B = 1 is the B-spline, which
// blurs. The specification is tests/support/framing_reference.py.

uniform sampler2D u_picture;
uniform vec4 u_level = vec4(1.0);                // brightness of each channel; the least alpha
uniform vec4 u_kernel = vec4(-0.2, 0.6, 0, 0);   // B and C

in vec2 v_uv;
out vec4 colour;

// Of the pixels at -1, 0, 1 and 2, for a place `x` in 0..1 after pixel 0.
vec4 weights(float x) {
    float b = u_kernel.x, c = u_kernel.y;
    vec2 near = vec2(x, 1.0 - x);
    vec2 far = 1.0 + near;
    vec2 inner = ((12.0 - 9.0 * b - 6.0 * c) * near + (-18.0 + 12.0 * b + 6.0 * c)) * near * near +
                 (6.0 - 2.0 * b);
    vec2 outer = ((-(b + 6.0 * c) * far + (6.0 * b + 30.0 * c)) * far - (12.0 * b + 48.0 * c)) *
                 far + (8.0 * b + 24.0 * c);
    return vec4(outer.x, inner.x, inner.y, outer.y) / 6.0;
}

// Beyond its edge the picture is mirrored.
ivec4 folded(int first, int size) {
    ivec4 index = ivec4(first - 1, first, first + 1, first + 2);
    index -= 2 * size * ivec4(floor(vec4(index) / float(2 * size)));
    return min(index, 2 * size - 1 - index);
}

void main() {
    ivec2 size = textureSize(u_picture, 0);
    vec2 place = v_uv * vec2(size) - 0.5;
    vec2 first = floor(place);
    vec4 across = weights(place.x - first.x), down = weights(place.y - first.y);
    ivec4 x = folded(int(first.x), size.x), y = folded(int(first.y), size.y);
    vec4 sum = vec4(0.0);
    for (int row = 0; row < 4; row++) {
        vec4 line = across.x * texelFetch(u_picture, ivec2(x.x, y[row]), 0);
        line += across.y * texelFetch(u_picture, ivec2(x.y, y[row]), 0);
        line += across.z * texelFetch(u_picture, ivec2(x.z, y[row]), 0);
        line += across.w * texelFetch(u_picture, ivec2(x.w, y[row]), 0);
        sum += down[row] * line;
    }
    sum = clamp(sum, 0.0, 1.0);
    colour = vec4(sum.rgb * u_level.rgb, max(sum.a, u_level.a));
}
