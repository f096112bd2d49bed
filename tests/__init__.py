"""Tests mirror the packages; `support` and `emulator` are what they share."""
