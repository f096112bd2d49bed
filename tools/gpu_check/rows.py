"""The device that is timed, and how times are compared with floors."""

from __future__ import annotations

import torch

DEVICE = torch.device("cuda", 0)
BYTES_PER_US = 4.3e6
"""What a device-to-device copy moves on an H200, bytes read and written."""

Rows = list[dict[str, object]]
