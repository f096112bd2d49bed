"""What tests of several rooms share."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""

DATA = ROOT / "tests" / "data"
"""Small networks, and what the published programs compute from them."""
