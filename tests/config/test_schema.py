"""The JSON Schema of field sets takes what the program takes, and completes what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner

from pipeline.cli.expectations import expectations
from pipeline.config.field_sets import FieldFile
from pipeline.model import CHECKED
from pipeline.resources import EXPECTATIONS
from pipeline.yaml_files import read_yaml
from tests.paths import ROOT

EXAMPLES = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "docs" / "field-sets.md").read_text("utf-8"), re.DOTALL
)


@pytest.fixture(scope="module")
def schema() -> Any:
    """What the command prints."""
    printed = CliRunner().invoke(expectations, ["schema"])
    assert printed.exit_code == 0
    document = json.loads(printed.output)
    jsonschema.Draft202012Validator.check_schema(document)
    return document


@pytest.mark.parametrize("entity", CHECKED)
def test_our_own_sets_fit(schema: Any, entity: str) -> None:
    content = read_yaml(EXPECTATIONS / f"{entity}.yaml").content
    jsonschema.validate(content, schema)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_documentation_fit(
    schema: Any, example: str, tmp_path: Path
) -> None:
    (tmp_path / "set.yaml").write_text(example, "utf-8")
    jsonschema.validate(read_yaml(tmp_path / "set.yaml").content, schema)


@pytest.mark.parametrize(
    "field",
    [
        {"name": "n"},
        {"name": "n", "columns": ["name"], "wen": "held"},
        {"name": "n", "columns": ["name"], "lies": "ahead"},
        {"name": "n", "columns": ["name"], "when": {"amount": {"over": 5}}},
        {"name": "n", "columns": ["name"], "when": {"any": {"name": "x"}}},
        {"name": "n", "columns": ["name"], "within_months": 0},
    ],
)
def test_what_is_refused_does_not_fit(schema: Any, field: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"entity": "deal", "fields": [field]}, schema)


def test_every_key_of_a_demand_is_completed(schema: Any) -> None:
    keys = {field.alias or name for name, field in FieldFile.model_fields.items()}
    assert schema["$defs"]["FieldFile"]["properties"].keys() == keys
    assert {"all", "any", "not", "state"} == schema["$defs"]["ConditionFile"][
        "properties"
    ].keys()
