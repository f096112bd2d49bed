"""Fuzzing: any bytes give a value or one sentence, soon, in little memory, and execute nothing.

`python -m tools.fuzz --seconds N [--only NAME]` tries all that reads what others wrote:
checkpoints, presets, looks, metadata of pictures, takes, sessions, settings, lists of files, sound,
OSC, MIDI and expressions. In a run of minutes coverage leads it, where `atheris` is installed
(`pip install --group fuzz`); else inputs are mutated at random.
"""
