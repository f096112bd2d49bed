"""From parameters and time to a picture on the device."""
