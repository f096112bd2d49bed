"""The picture of the page as WebRTC: a process of its own encodes it once and sends it to all."""
