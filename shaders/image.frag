#version 410 core

// The picture as it is: RGBA8 in, display-referred colour out, opaque whatever its alpha.

uniform sampler2D u_picture;
uniform vec4 u_level = vec4(1.0);  // brightness of each channel

in vec2 v_uv;
out vec4 colour;

void main() {
    colour = vec4(texture(u_picture, v_uv).rgb, 1.0) * u_level;
}
