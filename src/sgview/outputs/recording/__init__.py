"""What plays as a film with its sound, or as files of pictures; and the last half minute of it."""
