"""From the output of a layer to the pixels of a picture, and the last one that was good."""
