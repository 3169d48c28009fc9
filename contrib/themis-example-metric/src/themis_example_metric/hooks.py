"""What this distribution provides, as data. It is read often: import nothing heavy here."""

from __future__ import annotations

from themis.plugin import MetricDeclaration, PluginInfo, hookimpl

__all__ = ["themis_metrics", "themis_plugin"]


@hookimpl
def themis_plugin() -> PluginInfo:
    """The core API this plugin was written for."""
    return PluginInfo(
        core_api=">=1.0,<2",
        summary="The share of an item's keywords that the answer has.",
    )


@hookimpl
def themis_metrics() -> list[MetricDeclaration]:
    """The metric of this plugin.

    `version` is the version of its behaviour and part of every key: raise it whenever results may
    change.
    """
    return [
        MetricDeclaration(
            name="example_metric",
            implementation="themis_example_metric.metric:KeywordRecall",
            config="themis_example_metric.metric:KeywordRecallConfig",
            version="1.0.0",
            summary="The share of an item's keywords that the answer has.",
            bounds=(0.0, 1.0),
        )
    ]
