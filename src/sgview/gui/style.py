"""The sizes and colours of ImGui's own widgets and of ImPlot, from the theme."""

from __future__ import annotations

from imgui_bundle import imgui, implot

from sgview.gui import theme


def apply(style: imgui.Style, scale: float) -> None:
    """Set every size and colour of ImGui's own widgets; `scale` is 1 on a 96 dpi screen."""
    style.font_size_base = theme.FONT_SIZE
    style.font_scale_dpi = scale
    _apply_sizes(style)
    style.scale_all_sizes(scale)
    for item, colour in _COLOURS.items():
        style.set_color_(item, imgui.ImVec4(*colour))


def apply_to_plots(style: implot.Style, scale: float) -> None:
    """Set every size and colour of ImPlot; `scale` is 1 on a 96 dpi screen."""
    for item, colour in _PLOT_COLOURS.items():
        style.set_color_(item, imgui.ImVec4(*colour))
    style.plot_padding = imgui.ImVec2(0, round(4 * scale))
    style.label_padding = imgui.ImVec2(round(5 * scale), round(2 * scale))
    style.plot_border_size = 0
    style.major_tick_len = style.minor_tick_len = imgui.ImVec2(0, 0)
    style.plot_min_size = imgui.ImVec2(1, 1)


def _apply_sizes(style: imgui.Style) -> None:
    """Sizes in pixels at scale 1."""
    style.window_padding = imgui.ImVec2(10, 8)
    style.frame_padding = imgui.ImVec2(7, 3)
    style.item_spacing = imgui.ImVec2(6, 4)
    style.item_inner_spacing = imgui.ImVec2(6, 4)
    style.cell_padding = imgui.ImVec2(6, 2)
    style.indent_spacing = 12
    style.scrollbar_size = 11
    style.scrollbar_padding = 2
    style.grab_min_size = 8
    style.window_rounding = 5
    style.child_rounding = 4
    style.popup_rounding = 5
    style.frame_rounding = 3
    style.grab_rounding = 3
    style.scrollbar_rounding = 6
    style.tab_rounding = 3
    style.window_border_size = 1
    style.child_border_size = 0
    style.popup_border_size = 1
    style.frame_border_size = 0
    style.tab_border_size = 0
    style.tab_bar_border_size = 0
    style.tab_bar_overline_size = 2
    style.docking_separator_size = 2
    style.separator_text_border_size = 1
    style.disabled_alpha = 0.4
    style.window_menu_button_position = imgui.Dir.none
    style.window_title_align = imgui.ImVec2(0.0, 0.5)
    style.hover_delay_normal = 0.45
    style.hover_flags_for_tooltip_mouse = int(
        imgui.HoveredFlags_.stationary
        | imgui.HoveredFlags_.delay_normal
        | imgui.HoveredFlags_.allow_when_disabled
    )


_C = imgui.Col_
_COLOURS: dict[imgui.Col_, theme.Rgba] = {
    _C.text: theme.TEXT,
    _C.text_disabled: theme.TEXT_DIM,
    _C.window_bg: theme.PANEL,
    _C.child_bg: theme.CLEAR,
    _C.popup_bg: theme.POPUP,
    _C.border: theme.LINE,
    _C.border_shadow: theme.CLEAR,
    _C.frame_bg: theme.FIELD,
    _C.frame_bg_hovered: theme.FIELD_HOVERED,
    _C.frame_bg_active: theme.FIELD_ACTIVE,
    _C.title_bg: theme.BAR,
    _C.title_bg_active: theme.BAR,
    _C.title_bg_collapsed: theme.BAR,
    _C.menu_bar_bg: theme.BAR,
    _C.scrollbar_bg: theme.CLEAR,
    _C.scrollbar_grab: theme.grey(62),
    _C.scrollbar_grab_hovered: theme.grey(82),
    _C.scrollbar_grab_active: theme.grey(96),
    _C.check_mark: theme.ON_ACCENT,
    _C.checkbox_selected_bg: theme.ACCENT_STRONG,
    _C.slider_grab: theme.ACCENT,
    _C.slider_grab_active: theme.ACCENT,
    _C.button: theme.FIELD,
    _C.button_hovered: theme.grey(62),
    _C.button_active: theme.grey(74),
    _C.header: theme.grey(38),
    _C.header_hovered: theme.grey(46),
    _C.header_active: theme.grey(54),
    _C.separator: theme.LINE,
    _C.separator_hovered: theme.ACCENT_STRONG,
    _C.separator_active: theme.ACCENT,
    _C.resize_grip: theme.CLEAR,
    _C.resize_grip_hovered: theme.ACCENT_STRONG,
    _C.resize_grip_active: theme.ACCENT,
    _C.input_text_cursor: theme.ACCENT,
    _C.tab_hovered: theme.grey(48),
    _C.tab: theme.BAR,
    _C.tab_selected: theme.PANEL,
    _C.tab_selected_overline: theme.ACCENT,
    _C.tab_dimmed: theme.BAR,
    _C.tab_dimmed_selected: theme.PANEL,
    _C.tab_dimmed_selected_overline: theme.ACCENT,
    _C.docking_preview: theme.faded(theme.ACCENT, 0.5),
    _C.docking_empty_bg: theme.CLEAR,
    _C.plot_lines: theme.ACCENT,
    _C.plot_lines_hovered: theme.TEXT,
    _C.plot_histogram: theme.ACCENT_STRONG,
    _C.plot_histogram_hovered: theme.ACCENT,
    _C.table_header_bg: theme.CARD,
    _C.table_border_strong: theme.LINE,
    _C.table_border_light: theme.LINE,
    _C.table_row_bg: theme.CLEAR,
    _C.table_row_bg_alt: (1.0, 1.0, 1.0, 0.015),
    _C.text_link: theme.ACCENT,
    _C.text_selected_bg: theme.faded(theme.ACCENT, 0.4),
    _C.drag_drop_target: theme.ACCENT,
    _C.nav_cursor: theme.ACCENT,
    _C.modal_window_dim_bg: theme.SHADE,
}

_P = implot.Col_
_PLOT_COLOURS: dict[implot.Col_, theme.Rgba] = {
    _P.frame_bg: theme.CLEAR,
    _P.plot_bg: theme.BAR,
    _P.plot_border: theme.CLEAR,
    _P.inlay_text: theme.TEXT_DIM,
    _P.axis_text: theme.TEXT_DIM,
    _P.axis_grid: theme.grey(48),
    _P.axis_tick: theme.CLEAR,
    _P.axis_bg: theme.CLEAR,
    _P.axis_bg_hovered: theme.CLEAR,
    _P.axis_bg_active: theme.CLEAR,
}
