from __future__ import annotations

from themis.reporting.provenance import provenance_rows


def test_a_manifest_tells_versions_commit_seed_components_and_datasets():
    rows = provenance_rows(
        {
            "provenance": {
                "themis": "0.1.0",
                "python": "3.12.1",
                "git": {"commit": "abc", "dirty": True},
                "distributions": {"themis-openai": "0.2"},
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
        "distribution themis-openai": "0.2",
        "global_seed": 7,
        "component openai": "engine, 1.0, themis-openai",
        "dataset of main": f"3 items, digest {'f' * 16}",
    }


def test_outside_a_checkout_there_is_no_commit():
    assert provenance_rows({"provenance": {"python": "3.12", "git": None}}) == [
        {"name": "python", "value": "3.12"}
    ]
