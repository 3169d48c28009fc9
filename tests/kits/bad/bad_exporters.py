"""One good exporter, and one for every check of ExporterKit that fails exactly that check."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import ExporterDeclaration, PluginInfo, hookimpl

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    indent: int = Field(default=2, description="How far each level is indented.")


class LooseSettings(BaseModel):
    indent: int = Field(default=2, description="How far each level is indented.")


class Good:
    def __init__(self, config):
        self.indent = config.indent

    def export(self, result, path):
        text = json.dumps(self.rows(result), indent=self.indent, default=str)
        self.write(path, text)
        return path

    def rows(self, result):
        return {"run": result.run_id, "rows": result.leaderboard()}

    def write(self, path, text):
        path.write_text(text, encoding="utf-8")


class Text(str):
    """A path that is no Path, and still reads like one."""

    __slots__ = ()

    def is_file(self):
        return Path(self).is_file()

    def read_bytes(self):
        return Path(self).read_bytes()


class Writes(Good):
    def export(self, result, path):
        return Text(super().export(result, path))


class Place(Good):
    def export(self, result, path):
        super().export(result, path)
        path.with_name("log.txt").write_text("exported")
        return path


class Repeatable(Good):
    def rows(self, result):
        return {**super().rows(result), "number": next(_numbers)}


class Overwrite(Good):
    def write(self, path, text):
        with path.open("a", encoding="utf-8") as file:
            file.write(text)


class UnicodeNames(Good):
    def write(self, path, text):
        path.write_bytes(json.dumps(json.loads(text), ensure_ascii=False).encode("ascii"))


class Failures(Good):
    def rows(self, result):
        rows = super().rows(result)
        if any(row["errors"] for row in rows["rows"]):
            raise KeyError("errors")
        return rows


class Unfinished(Good):
    def rows(self, result):
        rows = super().rows(result)
        return {**rows, "first": max(row["mean"] for row in rows["rows"])}


class Unwritable(Good):
    def write(self, path, text):
        if path.parent.is_dir():
            super().write(path, text)


class ReadsOnly(Good):
    def export(self, result, path):
        written = super().export(result, path)
        result.manifest["exported"] = True
        return written


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "writes": Writes,
    "place": Place,
    "repeatable": Repeatable,
    "overwrite": Overwrite,
    "unicode": UnicodeNames,
    "failures": Failures,
    "unfinished": Unfinished,
    "unwritable": Unwritable,
    "reads_only": ReadsOnly,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken exporters.")


@hookimpl
def themis_exporters():
    return [
        ExporterDeclaration(
            name=name,
            implementation=f"bad_exporters:{implementation.__name__}",
            config=f"bad_exporters:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
