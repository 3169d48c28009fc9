"""`contrib/themis-example-metric` is what the template gives for a metric."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "contrib" / "themis-example-metric"
ANSWERS = {
    "kind": "metric",
    "plugin_name": "Example metric",
    "author_name": "The Themis team",
}


def files(folder):
    """What a rendering is made of, by path; what tools leave behind is not."""
    ignored = {*(ROOT / ".gitignore").read_text().replace("/\n", "\n").split(), "*.pyc"}
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.match(name) for part in lineage(path, folder) for name in ignored)
    }


def lineage(path, folder):
    """The path itself, and the folders between it and `folder`."""
    return [each for each in (path, *path.parents) if folder in each.parents]


def test_the_example_is_what_the_template_gives(render):
    fresh = files(render(**ANSWERS).path)
    kept = files(EXAMPLE)
    assert kept.keys() == fresh.keys()
    stale = sorted(str(name) for name, content in fresh.items() if kept[name] != content)
    assert not stale, f"render the template anew over {EXAMPLE.relative_to(ROOT)}: {stale}"
