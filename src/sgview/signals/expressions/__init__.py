"""Formulas in time, as artists type them: read as text, never executed as Python."""
