"""What the documents name is there: files of the project, and pages they link to."""

import re

import pytest

import stylegan3
from tests.support import ROOT

PAGES = (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("t*/**/README.md"))
COMMENTED = ("*.py", "*.cu", "*.cuh", "*.frag", "*.vert", "*.toml", "*.sh")
PLACES = ("src", "stylegan3", "shaders", "configs", "docs", "tests", "tools")


def pages() -> dict[str, str]:
    return {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("page", pages())
def test_the_files_that_a_page_names_are_there(page: str) -> None:
    for code in re.findall(r"`([^`\n]+)`", pages()[page]):
        for path in re.findall(rf"(?<![\w/.])(?:{'|'.join(PLACES)})/[\w./*-]*", code):
            assert any(ROOT.glob(path.rstrip("/."))), f"{page} names {path}"


@pytest.mark.parametrize("page", pages())
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", pages()[page]):
        if not re.match(r"\w+:", target):
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("page", ["README.md", "docs/demo-networks.md", "docs/benchmarks.md"])
def test_the_tools_of_a_command_are_there(page: str) -> None:
    commands = re.findall(r"python3? (?:-m )?(tools[\w./]+)", pages()[page])
    for tool in commands:
        path = ROOT / tool.replace(".py", "").replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").exists(), f"{page} runs {tool}"


def test_the_readme_names_the_windows_of_the_panel() -> None:
    source = (ROOT / "src" / "sgview" / "gui" / "docks.py").read_text(encoding="utf-8")
    windows = re.findall(r'PanelWindow\(\s*"(\w+)"', source)
    assert windows
    assert re.findall(r"^\| \*\*(\w+)\*\* \|", pages()["README.md"], re.MULTILINE) == windows


@pytest.mark.parametrize("page", [page for page in pages() if not page.startswith("tests")])
def test_layers_are_those_of_published_networks(page: str) -> None:
    published = [
        stylegan3.StyleGAN3Config(img_resolution=resolution, channel_base=base, channel_max=most)
        for resolution in (256, 512, 1024)
        for base, most in ((32768, 512), (65536, 1024))  # T, R
    ]
    names = {layer.name for config in published for layer in config.layers}
    assert set(re.findall(r"\bL\d+_\d+_\d+\b", pages()[page])) <= names


def test_the_files_that_comments_name_are_there() -> None:
    """Those named with their folder; a path in a string may be somebody's own."""
    named = re.compile(rf"(?:{'|'.join((*PLACES, 'sgview'))})/[\w./-]+\.(?:py|cuh?|md|toml|frag)\b")
    for place in PLACES:
        for pattern in COMMENTED:
            for file in (ROOT / place).rglob(pattern):
                for path in re.findall(rf"(?<![\w/.]){named.pattern}", file.read_text("utf-8")):
                    assert (ROOT / path).exists(), f"{file.relative_to(ROOT)} names {path}"


def test_sizes_are_written_in_one_way() -> None:
    """With the multiplication sign where people read them; what is typed has an x: "640x480"."""
    size = re.compile(r"[\d}] x [\d{]")
    said = re.compile(rf'"[^"\n]*{size.pattern}[^"\n]*"')
    places = [*ROOT.glob("src/**/*.py"), *ROOT.glob("stylegan3/checkpoints/**/*.py")]
    found = {path.name: said.findall(path.read_text(encoding="utf-8")) for path in places}
    found |= {"networks.toml": said.findall((ROOT / "configs/networks.toml").read_text("utf-8"))}
    found |= {
        name: size.findall(text)
        for name, text in pages().items()
        if name.startswith("docs") and not name.endswith("benchmarks.md")  # with tables of warps
    }
    found.pop("test_picture.py")  # its font has no ×
    assert {name: sizes for name, sizes in found.items() if sizes} == {}
