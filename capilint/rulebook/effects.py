"""What an API function does to handles, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from capilint.rulebook.protocol import Creation, Protocol


def effects(protocol: Protocol) -> Iterator[str]:
    """The effects one by one, without a full stop; none where it does nothing to handles."""
    yield from (_creation(creation) for creation in protocol.creates)
    for verb, effect in (
        ("uses", protocol.uses),
        ("releases", protocol.releases),
        ("adds a reference to", protocol.retains),
    ):
        if effect:
            yield f"{verb} {_listed(effect)}"
    if protocol.keeps:
        yield f"keeps {', '.join(protocol.keeps)}"


def _creation(creation: Creation) -> str:
    text = f"makes a {creation.resource} into {creation.into}"
    if creation.owner:
        text += f", owned by {creation.owner}"
    if creation.owner_of:
        text += f", with the owner of {creation.owner_of}"
    if creation.memory:
        text += f", in the memory of {creation.memory}"
    if creation.unless:
        text += f", unless {' or '.join(f'{name} has {flag}' for name, flag in creation.unless)}"
    if creation.owned_if:
        text += f", the caller's if {creation.owned_if}"
    return text


def _listed(effect: Mapping[str, str]) -> str:
    return ", ".join(f"{resource} {parameter}" for parameter, resource in effect.items())
