"""The values of this instant: expressions of edits become amounts."""

from __future__ import annotations

from msgspec.structs import replace

from sgview.signals.expressions import Expression, ExpressionError
from sgview.state.params import Edit, Params
from sgview.state.status import EditStatus

_Row = tuple[int, str, str]  # place in the list, tensor, operation


class ExpressionSignals:
    """Evaluates the expressions of edits, reading each text once.

    Where an expression has no value, at one instant (`1 / t` at 0) or while it is being typed, the
    last value of its row stays, and the row's `EditStatus.error` says why. Apart from that the
    result depends on `params` and `t` alone.
    """

    def __init__(self):
        self._read: dict[str, Expression | ExpressionError] = {}
        self._last_good: dict[_Row, float] = {}

    def resolve(
        self,
        params: Params,
        t: float,  # [s]
    ) -> tuple[Params, tuple[EditStatus, ...]]:
        """Return `params` with every edit's amount as it is at `t`, and a status for each edit."""
        texts = {edit.expression for edit in params.edits if edit.expression.strip()}
        if not texts:
            self._read.clear()
            self._last_good.clear()
            return params, tuple(EditStatus(amount=edit.amount) for edit in params.edits)

        self._read = {text: self._read.get(text) or _read(text) for text in texts}
        edits: list[Edit] = []
        statuses: list[EditStatus] = []
        last_good: dict[_Row, float] = {}
        for index, edit in enumerate(params.edits):
            row = (index, edit.tensor, edit.operation)
            amount, error = edit.amount, ""
            if edit.expression.strip():
                try:
                    amount = self._value(edit.expression, t)
                    last_good[row] = amount
                except ExpressionError as problem:
                    amount, error = self._last_good.get(row, edit.amount), str(problem)
                    last_good[row] = amount
                edit = replace(edit, amount=amount)
            edits.append(edit)
            statuses.append(EditStatus(amount=amount, error=error))
        self._last_good = last_good
        return replace(params, edits=tuple(edits)), tuple(statuses)

    def _value(self, text: str, t: float) -> float:
        expression = self._read[text]
        if isinstance(expression, ExpressionError):
            raise expression
        return expression.evaluate(t)


def _read(text: str) -> Expression | ExpressionError:
    try:
        return Expression(text)
    except ExpressionError as error:
        return error
