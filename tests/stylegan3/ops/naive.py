"""The operations as loops over single samples, in float64: slow, but plain enough to trust."""

import numpy as np


def upfirdn2d(x, f, up=1, down=1, padding=(0, 0, 0, 0), gain=1.0):
    """[N, C, H, W], [Th, Tw] or [T] -> [N, C, H', W']."""
    f = np.outer(f, f) if f.ndim == 1 else f
    x0, x1, y0, y1 = padding
    n, c, h, w = x.shape
    height, width = h * up + y0 + y1, w * up + x0 + x1
    big = np.zeros((n, c, height, width))
    for i in range(h):
        for j in range(w):
            row, column = i * up + y0, j * up + x0
            if 0 <= row < height and 0 <= column < width:
                big[:, :, row, column] = x[:, :, i, j]
    th, tw = f.shape
    out = np.zeros((n, c, (height - th) // down + 1, (width - tw) // down + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = big[:, :, i * down : i * down + th, j * down : j * down + tw]
            out[:, :, i, j] = (window * f[::-1, ::-1]).sum((2, 3)) * gain
    return out


def filtered_lrelu(x, fu, fd, b, up, down, padding, gain, slope, clamp):
    """Bias, upsampling, leaky ReLU, gain, clamp, downsampling."""
    x = x + b[:, None, None]
    x = upfirdn2d(x, fu, up=up, padding=padding, gain=up**2)
    x = np.where(x < 0, x * slope, x) * gain
    x = np.clip(x, -clamp, clamp)
    return upfirdn2d(x, fd, down=down)


def modulated_conv2d(x, weight, styles, demodulate, padding):
    """One sample and one output value at a time."""
    n, _, h, w = x.shape
    o, _, k, _ = weight.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros((n, o, h + 2 * padding - k + 1, w + 2 * padding - k + 1))
    for sample in range(n):
        for channel in range(o):
            kernel = weight[channel] * styles[sample][:, None, None]
            if demodulate:
                kernel = kernel / np.sqrt((kernel**2).sum() + 1e-8)
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    patch = x[sample, :, i : i + k, j : j + k]
                    out[sample, channel, i, j] = (patch * kernel).sum()
    return out
