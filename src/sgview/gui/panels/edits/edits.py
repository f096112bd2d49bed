"""The list of edits: operations on single tensors of the network that plays."""

from __future__ import annotations

from collections.abc import Mapping

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.picker import Choice, Picker
from sgview.gui.panels import Emit
from sgview.gui.panels.edits.card import SCALE_INVARIANT, Outcome, draw_card
from sgview.state.bindings import follow_edits
from sgview.state.networks import TensorInfo, shown_network
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit, Params
from sgview.state.status import EditStatus, Status

_NEW = "new edit"


class EditsPanel:
    """Remembers which cards are unfolded, and the search for a tensor."""

    def __init__(self) -> None:
        self._picker = Picker("Search tensors")
        self._unfolded: set[int] = set()

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the list."""
        network = shown_network(params, status.engine.networks)
        tensors = {tensor.name: tensor for tensor in network.tensors} if network else {}
        edits = list(params.edits)
        added = self._draw_head(edits, tensors)
        has_solo = any(edit.solo for edit in edits)
        controls = Controls(params, status, emit, "edits.")
        outcomes = [
            self._draw_one(index, edit, tensors, _status(status, index), has_solo, controls)
            for index, edit in enumerate(edits)
        ]
        if not edits and added is None:
            imgui.spacing()
            widgets.paragraph(
                "An edit changes one tensor of the network while it plays: by a factor, by noise, "
                "by an expression in t. Taking it off the list restores the tensor exactly."
            )
        edits, order = self._carry_out(edits, outcomes)
        bindings = follow_edits(params.bindings, order)
        if added is not None:
            edits.append(added)
        new = tuple(edits)
        if new == params.edits and bindings == params.bindings:
            return params
        return replace(params, edits=new, bindings=bindings)

    def _draw_head(self, edits: list[Edit], tensors: Mapping[str, TensorInfo]) -> Edit | None:
        """The buttons over the list; returns a new edit in the frame it is chosen."""
        added: Edit | None = None
        remove_width = imgui.calc_text_size("Remove all").x + theme.px(theme.GAP_LARGE)
        width = imgui.get_content_region_avail().x
        if edits:
            width -= remove_width + imgui.get_style().item_spacing.x
        imgui.begin_disabled(not tensors)
        if imgui.button(f"{icons.ADD}  Add edit", imgui.ImVec2(width, 0.0)):
            self._picker.open(_NEW)
        imgui.end_disabled()
        if not tensors:
            widgets.tooltip("Load a network first.")
        chosen = self._picker.popup(_NEW, lambda: tensor_choices(tensors))
        if chosen is not None:
            added = new_edit(tensors[chosen])
        if edits:
            imgui.same_line()
            if imgui.button("Remove all", imgui.ImVec2(remove_width, 0.0)):
                edits.clear()
            widgets.tooltip("The network is as it was loaded. Key R; Ctrl+Z brings them back.")
        imgui.spacing()
        return added

    def _draw_one(
        self,
        index: int,
        edit: Edit,
        tensors: Mapping[str, TensorInfo],
        status: EditStatus | None,
        has_solo: bool,
        controls: Controls,
    ) -> Outcome:
        imgui.push_id(index)
        outcome = draw_card(
            edit,
            tensors.get(edit.tensor),
            status,
            is_heard=edit.enabled and (edit.solo or not has_solo),
            is_unfolded=index in self._unfolded,
            picker=self._picker,
            choices=lambda: tensor_choices(tensors),
            controls=controls.below(f"{index}."),
        )
        imgui.pop_id()
        if outcome.is_unfolded:
            self._unfolded.add(index)
        else:
            self._unfolded.discard(index)
        return outcome

    def _carry_out(
        self, edits: list[Edit], outcomes: list[Outcome]
    ) -> tuple[list[Edit], list[int]]:
        """Take over what the cards returned, then remove or move at most one.

        The second list is the old place of each edit that remains.
        """
        edits = [outcome.edit for outcome in outcomes]
        order = list(range(len(edits)))
        for index, outcome in enumerate(outcomes):
            if outcome.is_removed:
                del order[index]
                self._unfolded = {i - (i > index) for i in self._unfolded if i != index}
                break
            target = index + outcome.move
            if outcome.move and 0 <= target < len(edits):
                order[index], order[target] = order[target], order[index]
                swapped = {index: target, target: index}
                self._unfolded = {swapped.get(i, i) for i in self._unfolded}
                break
        return [edits[place] for place in order], order


def new_edit(tensor: TensorInfo) -> Edit:
    """An edit of `tensor` that changes nothing yet, of an operation that can change something."""
    operation = "noise" if tensor.is_scale_invariant else "multiply"
    return Edit(tensor=tensor.name, operation=operation, amount=OPERATIONS[operation].neutral)


def tensor_choices(tensors: Mapping[str, TensorInfo]) -> list[Choice]:
    """Every tensor with its shape; a sign marks tensors that a factor does not change."""
    return [
        Choice(
            key=tensor.name,
            text=tensor.name,
            detail=shape_text(tensor),
            mark=SCALE_INVARIANT if tensor.is_scale_invariant else "",
        )
        for tensor in tensors.values()
    ]


def shape_text(tensor: TensorInfo) -> str:
    """The shape as people write it; a single number has none."""
    return " × ".join(str(size) for size in tensor.shape) or "1"


def _status(status: Status, index: int) -> EditStatus | None:
    return status.player.edits[index] if index < len(status.player.edits) else None
