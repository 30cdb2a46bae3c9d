"""The JSON Schemas of the configuration and of rule files judge as the loaders do."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from capilint.config.loading import KEYS, ConfigError, Configuration
from capilint.rulebook.protocol import Creation, Protocol
from capilint.rulebook.protocol import Resource as HandleKind
from tests.command_line import Cli
from tests.tools import ROOT

FILES = {
    name: json.loads((ROOT / "capilint" / folder / "schema.json").read_text(encoding="utf-8"))
    for name, folder in (("config", "config"), ("rules", "rulebook"), ("report", "report"))
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in FILES.values()
)
CONFIG, RULES = (
    Draft202012Validator(FILES[name], registry=REGISTRY) for name in ("config", "rules")
)
ACCEPTED = [
    "",
    'select = "CAP1"',
    'select = ["cap1", "handle-lost"]\nextend-select = ["CAP401"]\nignore = []',
    'resources = ["key"]\nfail-on = "note"\nexclude = ["third_party/"]',
    'define = ["A", "B=2"]\ninclude = ["include"]\ncompile-commands = ""',
    'noreturn = ["die"]\nbaseline = "capilint-baseline.json"',
    '[severity]\nCAP101 = "off"\n[per-file-ignores]\n"test_*" = "CAP1"',
    '[functions.f]\nparams = ["k"]\nreleases = { k = "key" }\nsuccess = "always"',
    """[functions.f]
params = ["p", "k"]
uses = { p = "context" }
creates = [{ into = "k", resource = "key", owner = "p", unless = { k = ["A", "B"] } }]""",
]
REFUSED = [
    "nonsense = 1",
    "select = 1",
    'select = ["CAP1", "CAP1"]',
    'ignore = ["not a code"]',
    'fail-on = "off"',
    'severity = "error"',
    '[severity]\nCAP101 = "loud"',
    "define = [1]",
    "functions = []",
    '[functions.f]\nparam = ["k"]',
    '[functions.f]\nparams = ["k"]\nnoreturn = "yes"',
    '[functions.f]\nparams = ["k"]\nsuccess = "maybe"',
    '[functions.f]\nparams = ["k"]\nreturns = "all"',
    '[functions.f]\nparams = ["k"]\ncreates = { into = "k" }',
    '[functions.f]\nparams = ["k"]\ncopies = { from = "k" }',
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "capilint.toml"


def test_the_schemas_are_schemas_and_describe_every_key() -> None:
    for schema in FILES.values():
        Draft202012Validator.check_schema(schema)
    for name, kind, others in (
        ("function", Protocol, {"forms"}),
        ("creation", Creation, set()),
        ("resource", HandleKind, set()),
    ):
        described = FILES["rules"]["$defs"][name]["properties"]
        known = {field.name for field in fields(kind)} - {"name", "family", "unlisted"}
        assert set(described) == known | others
    assert tuple(FILES["config"]["properties"]) == KEYS


@pytest.mark.parametrize("text", ACCEPTED)
def test_both_accept(text: str, file: Path) -> None:
    assert not list(CONFIG.iter_errors(tomllib.loads(text)))
    file.write_text(text, encoding="utf-8")
    Configuration(file=str(file))


@pytest.mark.parametrize("text", REFUSED)
def test_both_refuse(text: str, file: Path) -> None:
    assert list(CONFIG.iter_errors(tomllib.loads(text)))
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        _load_with_rules(file)


def _load_with_rules(file: Path) -> None:
    """The configuration, and the rule book with the functions that it describes."""
    from capilint.rulebook.book import load
    from capilint.rulebook.folder import RuleError

    rules = Configuration(file=str(file)).settings_of("a.c").rules
    try:
        load((rules,) if rules else ())
    except RuleError as error:
        raise ConfigError(str(error)) from error


def test_what_config_prints_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    cli = Cli(capsys)
    assert cli("config", "--isolated") == 0
    assert not list(CONFIG.iter_errors(tomllib.loads(cli.out)))


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "rules").rglob("*.toml")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_the_rule_files_are_accepted(path: Path) -> None:
    assert not list(RULES.iter_errors(tomllib.loads(path.read_text(encoding="utf-8"))))
