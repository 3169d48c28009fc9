"""The same version is chosen under every `packaging` whose rules for pre-releases differ."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

UV = Path(sys.executable).with_name("uv")
RESOLVE = """
import packaging
from themis.plugin import InferenceEngineDeclaration, PluginRegistry
from themis.plugin.registration import Distribution
from themis.plugin.snapshot import InstalledPlugin

versions = ("0.9", "1.4", "1.5rc1", "2.0")
plugin = InstalledPlugin(
    distribution=Distribution(name="acme-openai"), entry_point="openai", target="m",
    declarations=tuple(
        InferenceEngineDeclaration(name="openai", implementation="m:E", version=version)
        for version in versions
    ),
)
registry = PluginRegistry(plugins=[plugin])
asked = ("acme-openai/openai@>=1,<2", "openai@>=1,<2", "openai@>=1.5rc1,<2", "openai")
print(packaging.__version__, *(registry.resolve("engine", ref).version for ref in asked))
"""


@pytest.fixture(params=["24.0", "25.0", "26.0"])
def packaging(request, tmp_path) -> tuple[str, Path]:
    """A release of packaging in a folder: from uv's cache, else from the index."""
    version = request.param
    if not UV.exists():
        pytest.skip(f"packaging {version} is installed with uv, and {UV} is not there")
    command = [UV, "pip", "install", "--quiet", "--python", sys.executable, "--no-deps"]
    command += ["--target", tmp_path, f"packaging=={version}"]
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    for extra in (["--offline"], []):
        done = subprocess.run(
            list(map(str, [*command, *extra])),
            capture_output=True, text=True, check=False, timeout=60, env=environment,
        )  # fmt: skip
        if done.returncode == 0:
            return version, tmp_path
    pytest.skip(f"packaging {version} is not in uv's cache and no index is reachable")


@pytest.mark.slow
def test_the_highest_final_version_is_chosen(packaging):
    version, folder = packaging
    environment = {**os.environ, "PYTHONPATH": str(folder), "THEMIS_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RESOLVE], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == [version, "1.4", "1.4", "1.5rc1", "2.0"]
