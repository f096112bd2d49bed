"""The per-channel vectors around modulated convolutions, and the synthesis input."""
