"""How z becomes w: truncation and class labels."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.controls import control as binding
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.controls.picker import Choice, Picker
from sgview.gui.controls.value_bar import integer_bar, value_bar
from sgview.gui.panels import Emit
from sgview.gui.panels.shaping.entries import entry_row
from sgview.state.fields import fields_of
from sgview.state.networks import NetworkStatus, shown_network
from sgview.state.params import Mapping, Params
from sgview.state.status import Status

_WEIGHT = fields_of(Mapping)["class_weights"]
_CHOOSE = "choose a class"


class MappingPanel:
    """Remembers which classes are listed, so that one of weight 0 does not vanish from under
    the mouse."""

    def __init__(self) -> None:
        self._listed: list[int] = []
        self._picker = Picker("Search classes")

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the section."""
        if not widgets.section("Mapping"):
            return params
        network = shown_network(params, status.engine.networks)
        controls = Controls(params, status, emit)
        num_ws = network.num_ws if network else 18
        params = leaf_row(params, controls, "mapping.truncation_psi")
        params = leaf_row(params, controls, "mapping.truncation_cutoff", usual=(0, num_ws))
        params = _draw_centre(params, status, controls)
        if network is not None and network.c_dim > 0:
            below = controls.below("mapping.class_weights.")
            mapping = self._draw_classes(params.mapping, network, below)
            if mapping != params.mapping:
                params = replace(params, mapping=mapping)
        return params

    def _draw_classes(
        self, mapping: Mapping, network: NetworkStatus, controls: Controls
    ) -> Mapping:
        """One row a class: its number and its weight in the label; its name where it has one."""
        count, names = network.c_dim, network.class_names
        weights = dict(enumerate(mapping.class_weights[:count])) or {0: 1.0}
        chosen = [c for c, weight in weights.items() if weight != 0.0]
        self._listed = [c for c in self._listed if c < count]
        self._listed += [c for c in chosen if c not in self._listed]
        before = dict(weights)
        removed: int | None = None
        for place, label in enumerate(self._listed):
            imgui.push_id(place)
            new, weight, is_removed = _class_row(
                place,
                label,
                weights.get(label, 0.0),
                count,
                len(self._listed) > 1,
                controls(str(label)),
            )
            if names:
                new = self._draw_name(new, names)
            if is_removed:
                removed = place
                weights[label] = 0.0
            elif new != label and new not in self._listed:
                weights[new], weights[label] = weights.get(label, 0.0), 0.0
                self._listed[place] = new
            elif new == label:
                weights[label] = weight
            imgui.pop_id()
        if removed is not None:
            del self._listed[removed]
        rows.label("")
        if imgui.button(f"{icons.ADD}  Mix in a class") and len(self._listed) < count:
            self._listed.append(next(c for c in range(count) if c not in self._listed))
        if weights == before or not any(weights.values()):
            return mapping
        last = max(c for c, weight in weights.items() if weight != 0.0)
        dense = tuple(weights.get(c, 0.0) for c in range(last + 1))
        return replace(mapping, class_weights=dense)

    def _draw_name(self, label: int, names: tuple[str, ...]) -> int:
        """The name of a class, which opens the list of all; returns the class chosen."""
        rows.label("")
        room = rows.room()
        text = widgets.elided(names[label], room - imgui.get_style().frame_padding.x * 2)
        if imgui.button(f"{text}##class name", imgui.ImVec2(room, 0.0)):
            self._picker.open(_CHOOSE)
        widgets.tooltip(names[label], "Choose a class by its name")
        chosen = self._picker.popup(
            _CHOOSE, lambda: [Choice(str(i), name, str(i)) for i, name in enumerate(names)]
        )
        return label if chosen is None else int(chosen)


def _draw_centre(params: Params, status: Status, controls: Controls) -> Params:
    """What truncation pulls towards."""
    params = leaf_row(params, controls, "mapping.centre")
    mapping = params.mapping
    if mapping.centre == "latent":
        entry = entry_row("mapping.centre_entry", mapping.centre_entry, status)
        if entry != mapping.centre_entry:
            params = replace(params, mapping=replace(mapping, centre_entry=entry))
    elif mapping.centre == "modes":
        found = entry_row("mapping.centroids", mapping.centroids, status, "found by k-means")
        if found != mapping.centroids:
            params = replace(params, mapping=replace(mapping, centroids=found))
        names = ("softness",) if found else ("modes", "softness")
        for name in names:
            params = leaf_row(params, controls, f"mapping.{name}")
    return params


def _class_row(
    place: int, label: int, weight: float, count: int, can_remove: bool, control: Control
) -> tuple[int, float, bool]:
    """Draw one class; returns its number, its weight, and whether it is to be removed."""
    rows.label(_WEIGHT.label if place == 0 else "", weight == 1.0, _WEIGHT.help)
    gap = imgui.get_style().item_inner_spacing.x
    button = widgets.icon_button_width() if can_remove else 0.0
    room = rows.room() - button - gap
    imgui.set_next_item_width(room * 0.4)
    new = integer_bar(
        "##class", label, 0, count - 1, minimum=0, maximum=max(count - 1, 1), is_filled=False
    )
    new = min(new, count - 1)
    imgui.same_line(0.0, gap)
    imgui.set_next_item_width(room * 0.6)
    new_weight = value_bar(
        "##weight",
        control.shown(weight),
        *control.usual,
        format=f"%.{_WEIGHT.digits}f",
        is_driven=control.is_bound,
        tint=control.colour if control.is_bound else None,
    )
    if not control.is_bound:
        weight = new_weight
    elif binding.is_asked(control):
        control.open()
    is_removed = False
    if can_remove:
        imgui.same_line()
        is_removed = widgets.icon_button(icons.CLOSE, "remove class", "Leave this class out")
    binding.dot(control)
    binding.error_line(control)
    return new, weight, is_removed
