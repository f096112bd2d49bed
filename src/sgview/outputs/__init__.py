"""Where pictures go besides the screen: snapshots, videos, and the outputs that run live."""
