from __future__ import annotations

import pytest
from pydantic import Field, ValidationError

from themis.builtins.settings import Settings, settings_from


class Sample(Settings):
    size: int = Field(default=1, description="A size.")


def test_settings_come_from_a_model_a_mapping_or_nothing():
    given = Sample(size=2)
    assert settings_from(Sample, given) is given
    assert settings_from(Sample, {"size": 3}).size == 3
    assert settings_from(Sample, None).size == 1


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(ValidationError, match="sise"):
        settings_from(Sample, {"sise": 3})
