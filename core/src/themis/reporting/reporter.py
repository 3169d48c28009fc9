"""The reports of a store's runs, in the forms that other programs take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from themis.reporting.summary import render_summary, summarise
from themis.results import RunResult

if TYPE_CHECKING:
    from themis.storage import RunStore

__all__ = ["Reporter"]


class Reporter:
    """Reports the runs of one store: leaderboard with intervals, comparison, failures, provenance.

    Every `export_` method takes a run's id, or its beginning, and gives text; what a model wrote is
    escaped for the form. `StorageError` is raised for a run that the store has not.

    Example:
        Reporter(store).export_markdown(result.run_id)
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def export_json(self, run_id: str) -> str:
        """The report as strict JSON: the run, its counts, and every section's rows in full."""
        return self._rendered(run_id, "json")

    def export_markdown(self, run_id: str) -> str:
        """The report as Markdown (GitHub's form)."""
        return self._rendered(run_id, "markdown")

    def export_latex(self, run_id: str) -> str:
        """The report as LaTeX sections and tables, to be included; they need no package."""
        return self._rendered(run_id, "latex")

    def export_csv(self, run_id: str) -> str:
        """The report's rows as one CSV table; no cell is a formula to a spreadsheet."""
        return self._rendered(run_id, "csv")

    def export_score_table(self, run_id: str) -> list[dict[str, Any]]:
        """One row per score: trial, item, model, metric, `sample_index`, `value` and `status`.

        A failed score has the value None. Of a large run, `RunResult.iter_rows()` holds fewer rows
        at a time.
        """
        return list(self._result(run_id).iter_rows("scores"))

    def write(self, run_id: str, path: str | Path) -> Path:
        """Write the report in the form of the file's ending: .json, .md, .tex, .csv or .html.

        Raises:
            ValueError: another ending; the message lists the known ones.
        """
        target = Path(path)
        form = _FORMS.get(target.suffix.lower())
        if form is None:
            msg = f"{target.name} has no known ending; known are {', '.join(_FORMS)}"
            raise ValueError(msg)
        text = self._rendered(run_id, form)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", errors="backslashreplace")
        return target

    def _rendered(self, run_id: str, form: str) -> str:
        return render_summary(summarise(self._result(run_id)), form)

    def _result(self, run_id: str) -> RunResult:
        return RunResult(self._store, self._store.run(run_id).run_id)


_FORMS = {
    ".json": "json",
    ".md": "markdown",
    ".tex": "latex",
    ".csv": "csv",
    ".html": "html",
}
