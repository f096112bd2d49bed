#version 410 core

// A layer as large as what is drawn into, pixel by pixel; colours are premultiplied by alpha.

uniform sampler2D u_layer;

out vec4 colour;

void main() {
    colour = texelFetch(u_layer, ivec2(gl_FragCoord.xy), 0);
}
