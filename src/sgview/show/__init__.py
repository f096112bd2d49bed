"""What plays: time, what is resolved from what is set, fades, script, looks and takes."""
