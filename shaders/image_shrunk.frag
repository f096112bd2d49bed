#version 410 core

// The picture drawn smaller than it is: a screen pixel covers several of its pixels. They are
// averaged, or moving detail would flicker.

uniform sampler2D u_picture;
uniform vec4 u_level = vec4(1.0);  // brightness of each channel; the least alpha

in vec2 v_uv;
out vec4 colour;

const float LARGEST = 8.0;  // taps a side

void main() {
    vec2 step_x = dFdx(v_uv);
    vec2 step_y = dFdy(v_uv);
    vec2 covered = (abs(step_x) + abs(step_y)) * vec2(textureSize(u_picture, 0));
    ivec2 taps = ivec2(clamp(ceil(covered - 0.01), 1.0, LARGEST));
    vec4 sum = vec4(0.0);
    for (int j = 0; j < taps.y; j++) {
        for (int i = 0; i < taps.x; i++) {
            vec2 offset = (vec2(i, j) + 0.5) / vec2(taps) - 0.5;
            sum += texture(u_picture, v_uv + offset.x * step_x + offset.y * step_y);
        }
    }
    sum /= float(taps.x * taps.y);
    colour = vec4(sum.rgb * u_level.rgb, max(sum.a, u_level.a));
}
