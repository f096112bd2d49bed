"""What moves values from outside: bindings, OSC, MIDI, sound, the script."""
