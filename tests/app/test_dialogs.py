from pathlib import Path

import pytest
from imgui_bundle import portable_file_dialogs

from sgview.app.dialogs import FileDialog
from sgview.state.commands import ChooseMask, LoadNetwork, LoadPreset, OpenMask, SavePreset


def test_text_prompt_is_answered_with_a_command() -> None:
    dialog = FileDialog(use_system=False)
    dialog.ask_open("Open network B", Path(), (), lambda path: LoadNetwork("b", path))
    assert dialog.prompt is not None
    assert dialog.prompt.title == "Open network B"
    assert dialog.poll() is None
    assert dialog.answer(Path("/nets/x.pkl")) == LoadNetwork("b", Path("/nets/x.pkl"))
    assert dialog.prompt is None
    assert dialog.answer(Path("/nets/x.pkl")) is None


def test_cancel_asks_nothing_more() -> None:
    dialog = FileDialog(use_system=False)
    dialog.ask_open("Open preset", Path(), (), LoadPreset)
    assert dialog.answer(None) is None
    assert dialog.prompt is None


def test_one_question_at_a_time() -> None:
    dialog = FileDialog(use_system=False)
    dialog.ask_open("first", Path(), (), LoadPreset)
    dialog.ask_open("second", Path(), (), LoadPreset)
    assert dialog.prompt is not None
    assert dialog.prompt.title == "first"


def test_a_saved_name_gets_the_suffix_it_lacks_and_keeps_the_one_it_has() -> None:
    dialog = FileDialog(use_system=False)
    dialog.ask_save("Save", Path("presets/preset.toml"), (), SavePreset)
    assert dialog.prompt is not None
    assert dialog.prompt.suggestion == str(Path("presets/preset.toml"))
    assert dialog.answer(Path("look")) == SavePreset(Path("look.toml"))
    dialog.ask_save("Save", Path("presets/preset.toml"), (), SavePreset)
    assert dialog.answer(Path("look.json")) == SavePreset(Path("look.json"))


def test_a_tilde_is_the_home_folder() -> None:
    dialog = FileDialog(use_system=False)
    dialog.ask_open("Open", Path(), (), LoadPreset)
    assert dialog.answer(Path("~/look.toml")) == LoadPreset(Path.home() / "look.toml")


def test_a_mask_is_asked_for_by_its_region() -> None:
    dialog = FileDialog(use_system=False)
    assert dialog.execute(ChooseMask("third"), Path(), Path()) is None
    assert dialog.prompt is not None and dialog.prompt.title == "Open mask"
    assert dialog.answer(Path("/leaf.png")) == OpenMask("third", Path("/leaf.png"))


class SystemDialog:
    """A dialog of the system that is answered after a while."""

    def __init__(self, result: list[str] | str) -> None:
        self.is_ready, self._result = False, result
        self.is_killed = False

    def ready(self, timeout: int) -> bool:
        assert timeout == 0, "the window must not wait"
        return self.is_ready

    def result(self) -> list[str] | str:
        return self._result

    def kill(self) -> bool:
        self.is_killed = True
        return True


def test_system_dialog_is_polled_until_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    for result, expected in ((["/a.toml"], LoadPreset(Path("/a.toml"))), ([], None), ("", None)):
        system = SystemDialog(result)
        monkeypatch.setattr(portable_file_dialogs, "open_file", lambda *_, of=system: of)
        dialog = FileDialog(use_system=True)
        dialog.ask_open("Open", Path(), (), LoadPreset)
        assert dialog.poll() is None
        system.is_ready = True
        assert dialog.poll() == expected
        assert dialog.poll() is None


def test_closing_takes_down_a_system_dialog(monkeypatch: pytest.MonkeyPatch) -> None:
    system = SystemDialog([])
    monkeypatch.setattr(portable_file_dialogs, "open_file", lambda *_: system)
    dialog = FileDialog(use_system=True)
    dialog.ask_open("Open", Path(), (), LoadPreset)
    dialog.close()
    assert system.is_killed
