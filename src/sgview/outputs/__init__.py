"""Where pictures go besides the screen: snapshots and videos."""
