"""The state of the instrument: parameters, commands, status. Standard library and msgspec only."""
