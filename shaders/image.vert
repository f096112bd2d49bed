#version 410 core

// A rectangle from four vertices without a buffer: the strip's corners come from gl_VertexID.

uniform vec4 u_rect;                               // left, top, right, bottom [normalised device]
uniform vec4 u_span = vec4(0.0, 0.0, 1.0, 1.0);    // the same of the part of the picture in it
uniform vec4 u_turn = vec4(1.0, 0.0, 0.0, 1.0);    // columns of the matrix that turns it

out vec2 v_uv;  // (0, 0) is the picture's top left corner

void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    vec2 place = mix(u_span.xy, u_span.zw, corner) - 0.5;
    v_uv = mat2(u_turn.xy, u_turn.zw) * place + 0.5;
    gl_Position = vec4(mix(u_rect.xy, u_rect.zw, corner), 0.0, 1.0);
}
