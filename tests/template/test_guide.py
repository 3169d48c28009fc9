"""The commands of the plugin author's guide, run as they stand in an environment of their own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "plugin-author-guide.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("cookiecutter", "mypy", "pytest", "themis")


def commands(*sections):
    """The commands of some sections, in order."""
    found = {title: BLOCK.findall(text) for title, text in SECTION.findall(GUIDE)}
    return "".join(block for title in sections for block in found[title])


@pytest.fixture
def environment(tmp_path, tmp_path_factory):
    """A virtual environment that sees what this one has, and installs into itself, offline."""
    place = tmp_path / "venv"
    venv.create(place, symlinks=True)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    seen = "".join(f"import site; site.addsitedir({path!r})\n" for path in sorted(paths))
    (place / "lib" / python / "site-packages" / "outer.pth").write_text(seen)
    for program in PROGRAMS:
        script = place / "bin" / program
        script.write_text(f'#!/bin/sh\nexec {place}/bin/python -m {program} "$@"\n')
        script.chmod(0o755)
    (place / "bin" / "ruff").symlink_to(Path(sys.executable).parent / "ruff")
    return {
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "MYPY_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "mypy"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@pytest.fixture
def shell(environment, tmp_path):
    """Runs commands in an empty folder with a checkout beside; what they print."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "themis").symlink_to(ROOT)

    def run(script):
        done = subprocess.run(
            ["bash", "-m", "-euxo", "pipefail", "-c", script],
            check=False,
            capture_output=True,
            text=True,
            cwd=work,
            env=environment,
            timeout=300,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.slow
def test_the_guide_leads_from_nothing_to_a_run_with_an_engine(shell):
    script = commands("What you need", "An engine").replace("8000", free_port())
    port = re.search(r"--port (\d+)", script)[1]
    there = f"cd themis-house-models\nsed -i s/8000/{port}/ examples/engine.toml\n"
    is_up = f"(echo > /dev/tcp/localhost/{port}) 2> /dev/null"
    waiting = f"> server.log &\nuntil {is_up}; do sleep 0.2; done\n"
    script = script.replace("cd themis-house-models\n", there).replace("> server.log &\n", waiting)
    said = shell(script)
    assert "completed" in said
    assert "token_count" in said


@pytest.mark.slow
def test_the_guide_leads_from_nothing_to_a_run_in_a_store_and_to_what_is_published(shell):
    said = shell(commands("What you need", "A storage backend", "Publish it") + "ls dist\n")
    assert said.count("completed") >= 2
    assert '"raw_text":"What do plants need to grow?"' in said
    assert "themis_run_journal-0.1.0-py3-none-any.whl" in said
