#version 410 core

// A rectangle from four vertices without a buffer: the strip's corners come from gl_VertexID.

uniform vec4 u_rect;  // left, top, right, bottom [normalised device coordinates]

out vec2 v_uv;  // (0, 0) is the picture's top left corner

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    v_uv = corner;
    gl_Position = vec4(mix(u_rect.xy, u_rect.zw, corner), 0.0, 1.0);
}
