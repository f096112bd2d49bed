"""Small values between host and device, without waiting for the device."""
