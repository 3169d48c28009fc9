"""One digest for one wheel, whoever installed it."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import importlib_metadata
import pytest

from themis.plugin.configuration import PluginConfig
from themis.plugin.digests import digest_of
from themis.plugin.discovery import discover

UV = Path(sys.executable).with_name("uv")
INSTALLERS = {
    "pip": [sys.executable, "-m", "pip", "install", "--no-index", "--no-compile"],
    "pip, compiling": [sys.executable, "-m", "pip", "install", "--no-index"],
    "uv": [str(UV), "pip", "install", "--python", sys.executable, "--offline", "--no-index"],
}
FILES = {
    "acme_plug/__init__.py": "x = 1\n",
    "acme_plug-1.0.data/data/share/acme/table.txt": "1 2 3\n",
    "acme_plug-1.0.data/scripts/acme-script": "#!python\nprint('hi')\n",
    "acme_plug-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme-plug\nVersion: 1.0\n",
    "acme_plug-1.0.dist-info/WHEEL": (
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    "acme_plug-1.0.dist-info/entry_points.txt": (
        "[console_scripts]\nacme = acme_plug:main\n[themis.plugins]\nmain = acme_plug\n"
    ),
}


def wheel(folder, **changes):
    """A wheel of FILES."""
    files = {**FILES, **changes}
    rows = [f"{name},sha256={hashed(text)},{len(text)}" for name, text in files.items()]
    record = "acme_plug-1.0.dist-info/RECORD"
    path = folder / "acme_plug-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, record: "\n".join([*rows, f"{record},,"])}.items():
            archive.writestr(name, text)
    return path


def hashed(text):
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def installed(path, installer, target):
    command = [*INSTALLERS[installer], "--no-deps", "--target", target, path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [found] = importlib_metadata.distributions(path=[str(target)])
    return found


@pytest.mark.slow
def test_pip_and_uv_give_one_wheel_the_same_digest(tmp_path):
    path = wheel(tmp_path)
    digests = {
        name: digest_of(installed(path, name, tmp_path / name.replace(", ", "-")))
        for name in INSTALLERS
    }
    assert set(digests.values()) == {digests["uv"]}
    assert len(digests["uv"]) == 64


@pytest.mark.parametrize(
    "changed",
    ["acme_plug/__init__.py", "acme_plug-1.0.dist-info/METADATA", "share/table.txt"],
)
def test_another_file_or_metadata_is_another_digest(changed):
    assert digest_of(Fake()) != digest_of(Fake(changed))


@pytest.mark.parametrize("changed", ["bin/acme", "acme_plug-1.0.dist-info/INSTALLER"])
def test_an_installers_own_files_change_nothing(changed):
    assert digest_of(Fake()) == digest_of(Fake(changed))


class Fake:
    """A distribution in memory, whose file `changed` is another one than usual."""

    name = "acme-plug"
    requires = None

    def __init__(self, changed=""):
        self.changed = changed

    def read_text(self, filename):
        here = f"acme_plug-1.0.dist-info/{filename}"
        if filename == "RECORD":
            names = [
                "acme_plug/__init__.py", "../../share/table.txt", "../../../bin/acme",
                "acme_plug-1.0.dist-info/INSTALLER",
            ]  # fmt: skip
            return "".join(
                f"{name},sha256={bool(self.changed) and name.endswith(self.changed)},1\n"
                for name in names
            )
        return f"{FILES.get(here, '')}{here == self.changed}"

    def locate_file(self, path):
        return path


def test_without_a_record_there_is_no_digest(site):
    site.install("good-one")
    plugins = {each.distribution.name: each.distribution for each in discover(PluginConfig())}
    assert plugins["good-one"].digest is None


def test_an_editable_install_has_no_digest(site, tmp_path):
    site.install("good-one")
    site.record("good-one", direct_url={"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    plugins = {each.distribution.name: each.distribution for each in discover(PluginConfig())}
    assert plugins["good-one"].digest is None
