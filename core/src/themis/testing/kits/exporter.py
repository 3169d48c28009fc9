"""The kit of exporters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from themis.errors import ErrorCode, ThemisError
from themis.plugin.declarations import ComponentKind
from themis.records import FailureRecord, ScoreError
from themis.results import BenchmarkResult
from themis.storage import InMemoryRunStore
from themis.testing.kits.check import check, described, needs
from themis.testing.kits.kit import ComponentKit
from themis.testing.recorded_runs import RecordedCell, RecordedRun

__all__ = ["ExporterKit"]

_UNICODE = 'naïve | 漢字 & "quoted" \\ <b>\x07'


class ExporterKit(ComponentKit):
    """Checks of an exporter.

    Example::

        class TestWorkbook(ExporterKit):
            ref = "my-dist/workbook"
            suffix = ".xlsx"
    """

    kind: ClassVar[ComponentKind] = "exporter"
    suffix: ClassVar[str] = ""
    """What the exported file's name ends with."""
    repeatable: ClassVar[bool] = True
    """Whether the same result gives the same bytes; False for a format that holds the time."""

    @check("exporter.writes")
    def test_it_gives_the_path_of_a_file_that_it_wrote(self) -> None:
        """It gives the path of a file or folder that is there and not empty."""
        with _place() as place, _result() as result:
            written = self._export(result, place / f"report{self.suffix}")
            assert isinstance(written, Path), f"it gave {written!r}; give the path it wrote"
            assert written.exists(), f"it gave {written.name}, which is not there"
            assert _content(written), f"{written.name} is empty"

    @check("exporter.place")
    def test_it_writes_where_it_was_told_to(self) -> None:
        """It writes to the path it is given, and leaves nothing else beside it."""
        with _place() as place, _result() as result:
            target = place / f"report{self.suffix}"
            self._export(result, target)
            found = sorted(path.name for path in place.iterdir())
            assert found == [target.name], f"told to write {target.name}, it left {found}"

    @check("exporter.repeatable")
    def test_the_same_result_gives_the_same_bytes(self) -> None:
        """The same result exported twice gives the same bytes, where that is declared."""
        needs(self.repeatable, "it does not promise equal files")
        with _place() as place, _result() as result:
            first, second = (self._bytes(result, place / f"{n}{self.suffix}") for n in "ab")
            assert first == second, "two exports of one result differ"

    @check("exporter.overwrite")
    def test_it_replaces_what_is_there(self) -> None:
        """A file that is there is replaced, and nothing of it is left."""
        with _place() as place, _result() as result:
            target = place / f"report{self.suffix}"
            target.write_bytes(b"previous " * 100_000)
            self._export(result, target)
            left = [file for file in _files(place) if b"previous previous" in file.read_bytes()]
            assert not left, f"the previous content is still in {left[0].name}"

    @check("exporter.unicode")
    def test_any_name_can_be_written(self) -> None:
        """Names with unicode, markup and control characters are no crash."""
        run = RecordedRun(models=(_UNICODE, "beta"), slices=(_UNICODE,))
        with _place() as place, _result(run) as result:
            self._export(result, place / f"report{self.suffix}")

    @check("exporter.failures")
    def test_failed_candidates_and_scores_are_no_crash(self) -> None:
        """A result in which candidates and scores failed is exported too."""
        with _place() as place, _result(RecordedRun(outcome=_failing)) as result:
            self._export(result, place / f"report{self.suffix}")

    @check("exporter.unfinished")
    def test_a_run_without_any_score_is_no_crash(self) -> None:
        """A run that has not begun is exported too."""
        run = RecordedRun(outcome=lambda _: None, status="running")
        with _place() as place, _result(run) as result:
            self._export(result, place / f"report{self.suffix}")

    @check("exporter.unwritable")
    def test_a_path_that_cannot_be_written_is_an_error(self) -> None:
        """A path that cannot be written is an OSError or a ThemisError, never silence."""
        with _place() as place, _result() as result:
            (place / "file").touch()
            target = place / "file" / f"report{self.suffix}"
            try:
                written = self.make().export(result, target)
            except (OSError, ThemisError):
                return
            except Exception as problem:
                msg = f"a path that cannot be written raised {described(problem)}"
                raise AssertionError(msg) from problem
            raise AssertionError(f"a path that cannot be written gave {written}")

    @check("exporter.reads_only")
    def test_the_result_stays_as_it_is(self) -> None:
        """The result reads as before once it is exported."""
        with _place() as place, _result() as result:
            before = copy.deepcopy((result.manifest, result.leaderboard()))
            self._export(result, place / f"report{self.suffix}")
            after = (result.manifest, result.leaderboard())
            assert after == before, "the result reads otherwise after the export"

    @check("exporter.config", level="static")
    def test_an_unknown_setting_is_refused(self) -> None:
        """A setting that does not exist is refused."""
        self.refuses_unknown_settings()

    def _export(self, result: BenchmarkResult, path: Path) -> Any:
        try:
            return self.make().export(result, path)
        except ThemisError:
            raise
        except Exception as problem:
            msg = f"exporting raised {described(problem)}"
            raise AssertionError(msg) from problem

    def _bytes(self, result: BenchmarkResult, path: Path) -> list[bytes]:
        return _content(self._export(result, path))


@contextmanager
def _place() -> Iterator[Path]:
    with TemporaryDirectory(prefix="themis-kit-") as name:
        yield Path(name)


@contextmanager
def _result(run: RecordedRun | None = None) -> Iterator[BenchmarkResult]:
    with InMemoryRunStore() as store:
        recorded = run or RecordedRun(outcome=lambda cell: float(cell.model == "alpha"))
        yield BenchmarkResult(store, recorded.record(store))


def _failing(cell: RecordedCell) -> Any:
    if cell.item_id == "i1":
        code = ErrorCode.PROVIDER_TIMEOUT
        return FailureRecord(code=code, message="no answer", stage="generate", attempts=1)
    if cell.item_id == "i2":
        return ScoreError(metric_id=cell.metric_id, message="no reference")
    return 1.0


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(path for path in place.rglob("*") if path.is_file())


def _content(written: Path) -> list[bytes]:
    return [data for file in _files(written) if (data := file.read_bytes())]
