"""The plugin template, rendered as `cookiecutter` does it, and what is done with a plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import attrs
import pytest
from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "templates" / "cookiecutter"
_NOT_HANDED_ON = {"PYTHONPATH", "THEMIS_PLUGINS", "THEMIS_DISABLE_PLUGIN_AUTOLOAD"}


@attrs.frozen(slots=True)
class Rendered:
    """A rendered plugin, and the folder that its wheel is installed into."""

    path: Path
    caches: Path

    @property
    def name(self) -> str:
        """The distribution's name."""
        return self.path.name

    @property
    def overlay(self) -> Path:
        return self.path.parent / f"{self.name}-installed"

    def install(self) -> None:
        """Build the wheel, and install it where PYTHONPATH finds it; the network is not asked."""
        self.python("-m", "build", "--wheel", "--no-isolation")
        [wheel] = self.path.glob("dist/*.whl")
        target = ("--target", str(self.overlay))
        self.python("-m", "pip", "install", "--no-deps", "--no-index", *target, str(wheel))

    def lint(self) -> None:
        cache = ("--cache-dir", str(self.caches / "ruff"))
        self.python("-m", "ruff", "check", *cache, ".")
        self.python("-m", "ruff", "format", "--check", "--diff", *cache, ".")

    def types(self) -> None:
        self.python("-m", "mypy", "--cache-dir", str(self.caches / "mypy"))

    def test(self) -> str:
        return self.python("-m", "pytest", "-q", "-p", "no:cacheprovider")

    def themis(self, *words: str) -> str:
        return self.python("-m", "themis", *words)

    def run_example(self, file: Path) -> dict[str, Any]:
        """The means of a run of a benchmark, by metric."""
        store: tuple[str, ...] = ("--store", str(self.path.parent / f"{self.name}-store"))
        if "[project.storage]" in file.read_text():
            store = ()
        said = self.themis("run", str(file), *store, "--json", "--progress", "none")
        rows = json.loads(said)["sections"]["leaderboard"]
        return {row["metric_id"]: row["mean"] for row in rows}

    def python(self, *words: str) -> str:
        """What a Python with the plugin installed says; it must end well."""
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
        done = subprocess.run(
            [sys.executable, *words],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.path,
            env={**kept, "PYTHONPATH": str(self.overlay), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def render(tmp_path, tmp_path_factory) -> Callable[..., Rendered]:
    """Render the template with these answers."""
    configuration = tmp_path / "cookiecutter.yaml"
    configuration.write_text(f"replay_dir: {tmp_path}/replay\ncookiecutters_dir: {tmp_path}\n")

    def made(**answers: str) -> Rendered:
        path = cookiecutter(
            str(TEMPLATE),
            no_input=True,
            extra_context=answers,
            output_dir=str(tmp_path / "rendered"),
            config_file=str(configuration),
        )
        return Rendered(Path(path), caches=tmp_path_factory.getbasetemp())

    return made


@pytest.fixture(scope="session")
def names() -> Any:
    """The template's module of filters."""
    spec = spec_from_file_location("plugin_names", TEMPLATE / "plugin_names.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
