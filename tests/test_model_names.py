"""The model and the rule book were written apart from each other: they must tell the same story.

The model never reads `rules/`, so the comparison is made here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from capilint.model.events import Role
from capilint.model.functions import SIGNATURES
from capilint.model.signature import Signature

FAMILY = Path(__file__).parent.parent / "rules" / "families" / "capi.toml"
RULES = tomllib.loads(FAMILY.read_text(encoding="utf-8"))["function"]
MODELLED = ("context", "key", "hash")


def roles(signature: Signature, role: Role) -> dict[str, str]:
    return {each.name: each.kind for each in signature.parameters if each.role is role}


def creations(rule: dict[str, Any]) -> list[dict[str, Any]]:
    found = rule.get("creates", [])
    return found if isinstance(found, list) else [found]


def concerns_the_model(rule: dict[str, Any]) -> bool:
    named = [*rule.get("uses", {}).values(), *rule.get("releases", {}).values()]
    named += [each["resource"] for each in creations(rule)]
    return any(resource in MODELLED for resource in named)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if concerns_the_model(rule)])
def test_the_rule_book_and_the_model_agree(name: str) -> None:
    rule = RULES[name]
    for form in (name, *(name + suffix for suffix in rule.get("forms", ()))):
        if form not in SIGNATURES:
            assert form != name, f"the model lacks {name}"
            continue
        signature = SIGNATURES[form]
        assert [each.name for each in signature.parameters] == rule["params"]
        assert rule.get("uses", {}).items() <= roles(signature, Role.USE).items()
        assert rule.get("retains", {}) == roles(signature, Role.RETAIN)
        assert rule.get("releases", {}) == roles(signature, Role.RELEASE)
        made = {(each["into"], each["resource"]) for each in creations(rule)}
        modelled = roles(signature, Role.CREATE)
        assert modelled.items() <= made  # a key of CNG is a creation of its own
        assert {into for into, _ in made} == modelled.keys()
