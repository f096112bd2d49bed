"""The window program: owners, the frame, and what each command does."""
