"""How fast it goes, and what that costs."""
