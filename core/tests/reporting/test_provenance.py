from __future__ import annotations

from themis.reporting.provenance import doubts_of, provenance_rows

REASON = "acme 1.2: it is an editable install of /src, which has uncommitted changes"


def test_a_manifest_tells_versions_commit_seed_components_and_datasets():
    rows = provenance_rows(
        {
            "provenance": {
                "themis": "0.1.0",
                "python": "3.12.1",
                "git": {"commit": "abc", "dirty": True},
                "backends": {"storage_backend": "themis-jsonl/jsonl@1.0"},
                "distributions": {
                    "themis-openai": {"version": "0.2", "digest": None, "origin": {"kind": "index"}}
                },
            },
            "global_seed": 7,
            "components": [
                {"kind": "engine", "name": "openai", "version": "1.0", "provider": "themis-openai"}
            ],
            "datasets": [{"slice_id": "main", "item_count": 3, "items_digest": "f" * 64}],
        }
    )

    assert {row["name"]: row["value"] for row in rows} == {
        "themis": "0.1.0",
        "python": "3.12.1",
        "git commit": "abc with uncommitted changes",
        "distribution themis-openai": "0.2, index",
        "global_seed": 7,
        "component openai": "engine, 1.0, themis-openai",
        "storage backend": "themis-jsonl/jsonl@1.0",
        "dataset of main": f"3 items, digest {'f' * 16}",
    }


def test_outside_a_checkout_there_is_no_commit():
    assert provenance_rows({"provenance": {"python": "3.12", "git": None}}) == [
        {"name": "python", "value": "3.12"}
    ]


def manifest(*reasons):
    origin = {"kind": "editable", "url": "/src", "commit": "c0ffee" * 7, "dirty": True}
    return {
        "provenance": {
            "distributions": {
                "acme": {"version": "1.2", "digest": None, "origin": origin},
                "other": {"version": "3", "digest": "ab" * 32, "origin": {"kind": "index"}},
            },
            "reproducible": not reasons,
            "reasons": list(reasons),
        }
    }


def rows(*reasons):
    return {row["name"]: row["value"] for row in provenance_rows(manifest(*reasons))}


def test_a_distribution_is_a_row_of_version_origin_and_digest():
    assert rows()["distribution acme"] == (
        "1.2, editable /src at c0ffeec0ffee with uncommitted changes"
    )
    assert rows()["distribution other"] == "3, index, digest abababababababab"


def test_a_run_that_cannot_be_repeated_says_why():
    assert rows(REASON)["reproducible"] == f"no: {REASON}"
    assert doubts_of(manifest(REASON)) == [REASON]


def test_a_reproducible_run_says_nothing_of_it():
    assert "reproducible" not in rows()
    assert doubts_of(manifest()) == doubts_of({}) == []
