"""CUDA kernels on the CPU: the device's primitives in C++, and what stands in for the driver."""
