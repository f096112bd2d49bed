from sgview.state.commands import ChooseScript, RemoveScript
from sgview.state.status import ScriptStatus

SIZE = (1400, 2600)


def test_a_script_is_opened_and_removed(make_stage) -> None:
    stage = make_stage(size=SIZE)
    stage.show("Signals")
    stage.click("Script")
    stage.click("Open a script…")
    stage.change(script=ScriptStatus(path="/home/me/play.py"))
    assert stage.reads("play.py")
    stage.click("open script")
    stage.click("remove script")
    assert stage.commands == [ChooseScript(), ChooseScript(), RemoveScript()]


def test_an_error_is_shown_with_file_line_and_message(make_stage, fakes) -> None:
    script = ScriptStatus("/home/me/play.py", "NameError: name 'x'", 7, "/home/me/play.py")
    stage = make_stage(status=fakes.status(script=script), size=SIZE)
    stage.show("Signals")
    assert stage.reads("play.py, line 7")
    assert stage.reads("NameError: name 'x'")
    assert stage.reads("The last good version plays on.")
