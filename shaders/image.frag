#version 410 core

// The picture as it is: RGBA8 in, display-referred colour out, opaque unless it is asked for.

uniform sampler2D u_picture;
uniform vec4 u_level = vec4(1.0);  // brightness of each channel; the least alpha

in vec2 v_uv;
out vec4 colour;

void main() {
    vec4 texel = texture(u_picture, v_uv);
    colour = vec4(texel.rgb * u_level.rgb, max(texel.a, u_level.a));
}
