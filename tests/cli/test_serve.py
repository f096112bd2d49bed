"""`sgview --serve`: where the page is, and what it says where it cannot be."""

import argparse
import re
import socket
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("aiohttp")

from sgview.cli import run
from sgview.outputs.outputs import Outputs
from sgview.settings import Settings
from sgview.state.notices import Notices
from sgview.state.validation import ConfigError


def settings_of(*arguments: str) -> tuple[Settings, bool]:
    """Return the settings of a command line, and whether the page is on."""
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    args = parser.parse_args(arguments)
    return run.window_settings(Settings(), args), args.serve is not None


def test_it_is_off_and_on_this_machine_alone_unless_said_otherwise() -> None:
    settings, serves = settings_of()
    assert (serves, settings.page) == (False, Settings().page)
    settings, serves = settings_of("--serve")
    assert (serves, settings.page.address, settings.page.files) == (True, "127.0.0.1:8710", False)
    settings, serves = settings_of("--serve", "0.0.0.0:9000", "--serve-files")
    assert (serves, settings.page.address, settings.page.files) == (True, "0.0.0.0:9000", True)


def serve(settings: Settings) -> Outputs:
    outputs: Outputs = Outputs(settings, Notices(), lambda: 0.0, lambda *_: None)  # pyright: ignore
    outgoing = SimpleNamespace(outputs=outputs)
    app = SimpleNamespace(execute=outputs.execute, outgoing=outgoing)
    run._serve(app)  # pyright: ignore[reportArgumentType]
    return outputs


def test_the_address_is_printed_with_its_token(capsys: pytest.CaptureFixture[str]) -> None:
    with serve(settings_of("--serve", "127.0.0.1:0")[0]):
        told = capsys.readouterr().err
    assert re.search(r"the page is at http://127\.0\.0\.1:\d+/[\w-]{22}/\n", told)


def test_a_port_that_is_taken_and_a_bad_address_are_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"--serve: The page cannot be served at {address}"):
            serve(settings_of("--serve", address)[0])
    with pytest.raises(ConfigError, match="--serve: 1:2:x is no HOST:PORT"):
        serve(settings_of("--serve", "1:2:x")[0])


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sgview.outputs.page.page", "sgview.outputs.page.server", "aiohttp"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ConfigError, match=re.escape("pip install 'sgview[serve]'")):
        serve(settings_of("--serve")[0])
