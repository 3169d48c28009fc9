"""It supports versions that do not exist yet."""

from __future__ import annotations

from themis.plugin import MetricDeclaration, PluginInfo, hookimpl


@hookimpl
def themis_plugin():
    return PluginInfo(core_api=">=1.0", summary="A plugin for the kit's own tests.")


@hookimpl
def themis_metrics():
    return [
        MetricDeclaration(
            name="polite",
            implementation="bad_plugins.parts:Polite",
            config="bad_plugins.parts:Settings",
            version="1.0",
            summary="Whether an answer is polite.",
        )
    ]
