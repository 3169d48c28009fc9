"""Every example in the documentation is executed, page by page and in order, in an empty folder.

* a fence with `file=NAME` after its language writes that file
* ```python runs; a following ```text output fence is exactly what it prints
* ```console runs each `$ themis ...` line, which must exit with 0 (or as `# exits with N` says);
  output shown below a command must have the shape of what it prints: numbers, hashes and widths
  may differ, and a line `...` stands for any lines. RUN and TRIAL stand for the newest run and one
  of its trials.
* http://localhost:8000/v1 is a real server while a page runs.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from themis.cli import main
from themis.storage import sqlite_store
from themis.testing import FaultServer

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "core/README.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
    *sorted(ROOT.glob("contrib/*/README.md")),
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
DEMO = "core/src/themis/catalog/demo/benchmark.toml"
SERVER = "http://localhost:8000/v1"
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#([\w-]+))?\)")
DOUBTS = re.compile(r"\sNot reproducible: .*?(?=\n\n)", re.DOTALL)  # of a changed checkout
ENDING = re.compile(r"\s+# exits with (\d+)$")


@attrs.frozen
class Fence:
    """A fenced block: its language, the rest of its first line, its text, and where it is."""

    language: str
    info: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        found = re.search(r"file=(\S+)", self.info)
        return found[1] if found else None


def fences(page: Path) -> Iterator[Fence]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Fence(found[1], found[2].strip(), found[3], line)


def shape(text: str) -> list[str]:
    """Lines without what differs from run to run: numbers, hashes, padding, the program's place."""
    text = re.sub(r"\S*bin/themis\b|python -m themis", "themis", text)
    text = re.sub(r"\b[0-9a-f]{8,}\b", "HASH", text)
    text = re.sub(r"-{2,}", "--", re.sub(r"-?\d+(?:[.,]\d+)*(?:e-?\d+)?", "N", text))
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def has_shape(shown: list[str], real: list[str]) -> bool:
    """Whether the lines agree, `...` standing for any number of lines."""
    pattern = "".join(r"(?:.*\n)*" if s == "..." else re.escape(s) + r"\n" for s in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in real)) is not None


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, with the output shown below it."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


class Page:
    """Runs the blocks of a page in the current folder."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server
        self.names: dict[str, object] = {"__name__": "page"}
        self.printed = ""

    def run(self, fence: Fence) -> None:
        text = fence.text.replace(SERVER, self.server.base_url)
        if fence.file is not None:
            Path(fence.file).write_text(text, encoding="utf-8")
        elif fence.language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, f"line {fence.line}", "exec"), self.names)
            self.printed = out.getvalue()
        elif (fence.language, fence.info) == ("text", "output"):
            assert self.printed == text
        elif fence.language == "console":
            for command, output in commands(text):
                self.command(command, output)

    def command(self, written: str, output: str) -> None:
        ending = ENDING.search(written)
        program, *arguments = shlex.split(ENDING.sub("", written))
        if program != "themis":
            return
        words = [self.named(word, arguments) for word in arguments]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == (int(ending[1]) if ending else 0), f"{written}\n{done.output}"
        if output.strip():
            real = DOUBTS.sub("", done.stdout)
            assert has_shape(shape(output), shape(real)), done.stdout

    def named(self, word: str, arguments: list[str]) -> str:
        if word == DEMO:
            return str(ROOT / DEMO)
        if word not in {"RUN", "TRIAL"}:
            return word
        store = arguments[arguments.index("--store") + 1] if "--store" in arguments else ".themis"
        with sqlite_store(store, read_only=True) as opened:
            run = max(opened.runs(), key=lambda row: row.id)
            if word == "RUN":
                return run.run_id
            return next(iter(opened.iter_trials(run.id))).trial_hash


def answer(messages, body):
    """Adds the two numbers of the question."""
    left, right = re.findall(r"\d+", messages[-1]["content"])[:2]
    return f"The answer is {int(left) + int(right)}."


@pytest.fixture
def page(tmp_path, monkeypatch) -> Iterator[Page]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    with FaultServer(answer=answer) as server:
        yield Page(server)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_page_work(name, page):
    for fence in fences(ROOT / name):
        try:
            page.run(fence)
        except BaseException as error:
            error.add_note(f"in {name}, the block at line {fence.line}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_the_links_of_a_page_lead_somewhere(name):
    place = (ROOT / name).parent
    for target, anchor in LINK.findall((ROOT / name).read_text(encoding="utf-8")):
        assert (place / target).exists(), target
        if anchor:
            text = (place / target).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in headings]
            assert anchor in slugs, f"{target}#{anchor}"


def test_every_page_is_reached_from_the_index():
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    linked = {target for target, _ in LINK.findall(index)}
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert pages - linked == {"index.md"}


def test_the_generated_parts_are_up_to_date():
    command = [sys.executable, ROOT / "docs/generate.py", "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
