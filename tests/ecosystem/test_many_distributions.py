"""Two hundred distributions, twenty of them plugins with a heavy SDK: who imports what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = """
from themis.plugin import InferenceEngineDeclaration, PluginInfo, hookimpl

@hookimpl
def themis_plugin():
    return PluginInfo(core_api=">=1.0,<2")

@hookimpl
def themis_inference_engines():
    return [InferenceEngineDeclaration(
        name="engine-{n}", implementation="crowd_engine_{n}:Engine", version="1.0"
    )]
"""
ENGINE = """
import crowd_sdk_{n}

class Engine:
    def infer(self, trial, context, runtime):
        return crowd_sdk_{n}.ANSWER
"""
SDK = "ANSWER = 'made by SDK {n}'\n"
PROBE = """
import sys
from themis.cli import main
try:
    main({arguments!r})
finally:
    print("\\n".join(name for name in sys.modules if name.startswith("crowd_")), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Path:
    """A folder of 200 distributions; the first 20 are plugins."""
    folder = tmp_path_factory.mktemp("crowd")
    for n in range(200):
        info = folder / f"crowd_{n}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crowd-{n}\nVersion: 1.0\n")
        if n < 20:
            (info / "entry_points.txt").write_text(f"[themis.plugins]\nc = crowd_plugin_{n}\n")
            for name, text in {"plugin": PLUGIN, "engine": ENGINE, "sdk": SDK}.items():
                (folder / f"crowd_{name}_{n}.py").write_text(text.replace("{n}", str(n)))
    return folder


def imported(crowd: Path, *arguments: str) -> tuple[str, set[str]]:
    """What a fresh program prints, and which modules of the crowd it imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=list(arguments))],
        capture_output=True, text=True, check=True, cwd=crowd,
        env={**os.environ, "PYTHONPATH": str(crowd)},
    )  # fmt: skip
    return done.stdout, {line for line in done.stderr.split() if line.startswith("crowd_")}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plugins", "--help"]])
def test_help_imports_no_plugin(crowd, arguments):
    assert imported(crowd, *arguments)[1] == set()


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_listing_imports_every_plugin_and_no_sdk(crowd, command):
    shown, modules = imported(crowd, "plugins", command)
    assert modules == {f"crowd_plugin_{n}" for n in range(20)}
    assert all(f"crowd-{n} " in shown for n in range(20))
    assert "crowd-20 " not in shown


def test_a_switch_imports_no_plugin(crowd, tmp_path):
    file = tmp_path / "themis.toml"
    file.write_text('project_name = "p"\n')
    assert imported(crowd, "plugins", "disable", "crowd-7", "--project", str(file))[1] == set()
    assert 'block = ["crowd-7"]' in file.read_text()
