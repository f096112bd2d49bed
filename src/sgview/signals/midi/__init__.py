"""MIDI in: the devices that are plugged in, and what was played on them."""
