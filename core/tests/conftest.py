"""Fake distributions, as folders on `sys.path`; and runs recorded in a store in memory."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

GOOD = """
    from themis.plugin import MetricDeclaration, PluginInfo, hookimpl

    @hookimpl
    def themis_plugin():
        return PluginInfo(core_api=">=1.0,<2", summary="Good.")

    @hookimpl
    def themis_metrics():
        return [MetricDeclaration(name="good", implementation="{module}:Good", version="1.0")]

    class Good:
        def score(self, trial, candidate, context):
            return 1.0
"""


@attrs.define
class Site:
    """A folder on `sys.path` in which distributions are written."""

    path: Path
    _numbers: Iterator[int] = attrs.field(factory=itertools.count)

    def install(
        self, name: str, source: str = GOOD, *, version: str = "0.3.1", entry_point: str = "main"
    ) -> str:
        """Write a distribution with one plugin module; gives the module's name."""
        module = f"fake_{self.path.name.replace('-', '_')}_{next(self._numbers)}"
        text = textwrap.dedent(source).replace("{module}", module)
        (self.path / f"{module}.py").write_text(text, encoding="utf-8")
        self.metadata(name, f"[themis.plugins]\n{entry_point} = {module}\n", version=version)
        return module

    def metadata(self, name: str, entry_points: str, *, version: str = "0.3.1") -> None:
        """Write a .dist-info folder."""
        folder = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        header = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: About {name}.\n"
        )
        (folder / "METADATA").write_text(header, encoding="utf-8")
        (folder / "entry_points.txt").write_text(entry_points, encoding="utf-8")

    def record(self, name: str, *, version: str = "0.3.1", direct_url: Any = None) -> Path:
        """Write what an installer leaves: RECORD of every module, and direct_url.json if given."""
        folder = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        modules = sorted(self.path.glob("*.py"))
        rows = [
            f"{module.name},sha256={_hash(module)},{module.stat().st_size}" for module in modules
        ]
        if direct_url is not None:
            (folder / "direct_url.json").write_text(json.dumps(direct_url), encoding="utf-8")
        (folder / "RECORD").write_text("\n".join([*rows, "INSTALLER,,"]), encoding="utf-8")
        return folder


def _hash(file: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.fixture
def site(tmp_path_factory, monkeypatch) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(path)
    for name in ("THEMIS_PLUGINS", "THEMIS_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.delenv(name, raising=False)
    yield Site(path)
    for name in [name for name in sys.modules if name.startswith(f"fake_{path.name}")]:
        del sys.modules[name]


@pytest.fixture
def run_store() -> Iterator[Any]:
    """An empty store in memory."""
    from themis.storage import InMemoryRunStore

    with InMemoryRunStore() as store:
        yield store


@pytest.fixture
def result_of(run_store) -> Callable[..., Any]:
    """Records a run (the fields of RecordedRun) in the store and opens its BenchmarkResult."""
    from themis.results import BenchmarkResult
    from themis.testing.recorded_runs import RecordedRun

    def build(outcome: Callable[..., Any] = lambda _: 1.0, **fields: Any) -> Any:
        return BenchmarkResult(run_store, RecordedRun(outcome=outcome, **fields).record(run_store))

    return build


@pytest.fixture
def stored_bytes() -> Callable[[Path], dict[str, str]]:
    """A hash of every file of a store's folder; any commit changes one, in place or in the log."""

    def read(folder: Path) -> dict[str, str]:
        files = [file for file in folder.rglob("*") if file.is_file()]
        return {
            str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
            if not file.name.endswith("-shm")  # readers' locks, no content
        }

    return read


@pytest.fixture
def timed_out() -> Any:
    """The failure of a candidate that was not made."""
    from themis.errors import ErrorCode
    from themis.records import FailureRecord

    code = ErrorCode.PROVIDER_TIMEOUT
    return FailureRecord(code=code, message="no answer in 60 s", stage="generate", attempts=4)


@pytest.fixture
def unscorable() -> Any:
    """The outcome of a metric that failed."""
    from themis.records import ScoreError

    return ScoreError(metric_id="accuracy", message="the reference has no answer")


@pytest.fixture(autouse=True)
def reports_follow_their_schema(request) -> Iterator[None]:
    """Whatever document of the report contract a test leaves in its folder must be valid."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        for file in folder.rglob("*.json"):
            _check_report(file)


def _check_report(file: Path) -> None:
    text = file.read_bytes()
    kind = "result" if b'"over_time"' in text else "comparison"
    if b'"schema_version"' in text and (kind == "result" or b'"has_blocking_regressions"' in text):
        import jsonschema

        from themis.report_export import document_schema

        jsonschema.Draft202012Validator(document_schema(kind)).validate(json.loads(text))
