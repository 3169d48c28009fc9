"""A model server that nobody here wrote: the npm package `@copilotkit/aimock`, where Node is.

It is installed once, with npm, into `$XDG_CACHE_HOME/themis/aimock-VERSION`, and speaks chat
completions and responses from fixtures, with faults at random rates::

    fixtures = [{"match": {"userMessage": "2+2"}, "response": {"content": "4"}}]
    with AimockServer(fixtures, chaos={"drop": 0.1, "ratelimit": 0.1}) as server:
        run(base_url=server.base_url)
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

__all__ = ["AIMOCK_VERSION", "AimockServer", "AimockUnavailableError"]

AIMOCK_VERSION = "1.43.0"
_PACKAGE = "@copilotkit/aimock"
_URL = re.compile(r"listening on (http://\S+)")
_INSTALL_SECONDS = 120


class AimockUnavailableError(RuntimeError):
    """The package cannot be had on this machine; the message says why. Tests skip with it."""


class AimockServer:
    """Serves `fixtures` until stopped; a context manager.

    `chaos` are rates of `drop` (a 500), `malformed`, `disconnect` and `ratelimit`, and `latency`
    in ms. Raises AimockUnavailableError where Node or the package is missing.
    """

    def __init__(
        self, fixtures: Sequence[Mapping[str, Any]], *, chaos: Mapping[str, float] | None = None
    ) -> None:
        self._fixtures = fixtures
        self._chaos = chaos or {}
        self._process: subprocess.Popen[str] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._origin = ""

    @property
    def base_url(self) -> str:
        """What to configure as the engine's base_url."""
        return f"{self._origin}/v1"

    def start(self) -> Self:
        """Start the server; returns when it listens."""
        program = _installed()
        self._folder = tempfile.TemporaryDirectory(prefix="themis-aimock-")
        fixtures = Path(self._folder.name, "fixtures.json")
        fixtures.write_text(json.dumps({"fixtures": list(self._fixtures)}), encoding="utf-8")
        command = ["node", str(program), "-p", "0", "-f", str(fixtures), "--journal-max", "0"]
        for fault, rate in self._chaos.items():
            command += [f"--chaos-{fault}", str(rate)]
        self._process = subprocess.Popen(  # noqa: S603 (the command is made here)
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        output = self._process.stdout
        assert output is not None
        try:
            self._origin = _origin(output)
        except RuntimeError:
            self.stop()
            raise
        # Whoever does not read what a server prints makes it wait when the pipe is full.
        threading.Thread(target=output.read, daemon=True).start()
        return self

    def stop(self) -> None:
        """End the server; may be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def count(self) -> int:
        """Requests the server has received."""
        with urllib.request.urlopen(f"{self._origin}/__aimock/journal?limit=1") as response:  # noqa: S310 (loopback)
            return int(response.headers["X-Total-Count"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _installed() -> Path:
    """The server's program, installed if it was not."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        msg = f"{_PACKAGE} needs Node (node and npm), which is not installed here"
        raise AimockUnavailableError(msg)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "themis")
    folder = cache / f"aimock-{AIMOCK_VERSION}"
    program = folder / "node_modules" / _PACKAGE / "dist" / "cli.js"
    if not program.exists():
        _install(folder)
    return program


def _install(folder: Path) -> None:
    """Install beside `folder` and move it there: others may be doing the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aimock-", dir=folder.parent) as temporary:
        package = f"{_PACKAGE}@{AIMOCK_VERSION}"
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", temporary, package]
        try:
            subprocess.run(  # noqa: S603 (the command is made here)
                command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            msg = f"npm could not install {package}: {(error.stderr or error)!s:.300}"
            raise AimockUnavailableError(msg) from error
        made = Path(temporary, "package")
        made.mkdir()
        Path(temporary, "node_modules").rename(made / "node_modules")
        _move(made, folder)


def _move(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def _origin(output: IO[str]) -> str:
    """The address in the server's own words."""
    said = ""
    for line in output:
        said += line
        found = _URL.search(line)
        if found is not None:
            return found[1]
    msg = f"{_PACKAGE} did not start: {said[-300:]}"
    raise RuntimeError(msg)
