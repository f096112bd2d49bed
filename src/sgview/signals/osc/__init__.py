"""Open Sound Control: messages in and out."""
