"""How all of the GUI asks for something that is more than a changed value."""

from __future__ import annotations

from collections.abc import Callable

from sgview.state.commands import Command

Emit = Callable[[Command], None]
"""Queues a command; the app runs it after the GUI pass."""
