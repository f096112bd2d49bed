"""The panel of outputs: what an audience sees, and where pictures go."""
