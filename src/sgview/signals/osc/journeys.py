"""Messages that go somewhere: "/sgview/dice", "/sgview/dice 7", "/sgview/seed/next"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sgview.signals.osc.packets import Value
from sgview.state.addresses import ROOT
from sgview.state.dice import throw_dice
from sgview.state.journeys import HIGHEST, Going, step_seed
from sgview.state.params import Params

DICE_ADDRESS = ROOT + "dice"
_STEPS = {ROOT + "seed/next": 1, ROOT + "seed/previous": -1}


def going_of(
    params: Params,
    address: str,
    values: Sequence[Value],
    throw: Callable[[], int],
    library: Iterable[str] = (),
) -> Going | None:
    """Return where a message leads, None for other addresses; 0, as of a button let go: nowhere.

    Args:
        params: as they are.
        address: of the message.
        values: of the message; to the dice a number above 1 is the seed that it throws.
        throw: returns the seed of a dice that is thrown without one.
        library: names of the latents there are.
    """
    if address != DICE_ADDRESS and address not in _STEPS:
        return None
    value = values[0] if values else 1.0
    if not isinstance(value, float) or not 0.0 < abs(value) <= HIGHEST:
        return Going(params)
    if address in _STEPS:
        return Going(step_seed(params, _STEPS[address]))
    return throw_dice(params, round(value) if abs(value) > 1.0 else throw(), library)
