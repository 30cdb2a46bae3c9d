"""From the tables of a rule file to protocols and resources; a wrong table is refused.

Every check that needs one function alone is here. What needs the whole book (duplicates, the
release function of a resource) is in `rulebook`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from capilint.rulebook.protocol import Creation, Flags, Protocol, Resource, Success
from capilint.rulebook.tomlfile import Section, nearest

_NO_KEYS = ("name", "family", "unlisted")
_FUNCTION_KEYS = (*(f.name for f in fields(Protocol) if f.name not in _NO_KEYS), "forms")
_CREATION_KEYS = tuple(field.name for field in fields(Creation))
_RESOURCE_KEYS = tuple(field.name for field in fields(Resource)[1:])
_RETURNS = ("derived", "exception", "nonzero", "raising")
_RETURNS_OF_ARGUMENT = (
    "argument",
    "address",
    "content",
    "length",
    "box",
    "pointer",
    "function",
    "failed",
    "negative",
    "nonnegative",
    "zero",
    "nonzero",
)

Resources = Mapping[str, Resource]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a file says once for all its functions. `{page}` in `source` is the function's page."""

    family: str
    success: Success
    source: str = ""


def success_of(section: Section, default: Success) -> Success:
    """The section's success convention. Raises RuleError where it is none."""
    word = section.word("success", default)
    if word not in list(Success):
        known = ", ".join(Success)
        raise section.error(f"unknown success convention `{word}`; known: {known}", "success")
    return Success(word)


def resource_of(section: Section) -> Resource:
    """The resource that a `[resource.NAME]` table describes. Raises RuleError."""
    section.only(_RESOURCE_KEYS)
    for key in ("handle_type", "release"):
        if not section.word(key):
            raise section.error(f"resource `{section.name}` has no `{key}`")
    return Resource(
        name=section.name,
        handle_type=section.word("handle_type"),
        release=section.word("release"),
        owner=section.word("owner") or None,
        counted=section.flag("counted"),
        modelled=section.flag("modelled", True),
        released=section.word("released", "destroyed"),
        handle_aliases=section.words("handle_aliases"),
        watched=section.flag("watched", True),
    )


def functions_of(
    section: Section, key: str, resources: Resources, defaults: Defaults
) -> Iterator[tuple[Section, str, Protocol]]:
    """What a file says of functions: in its lists of names, and in the tables under `key`.

    Gives the section that names the function, the name, and the protocol. Raises RuleError.
    """
    plain = Protocol("", defaults.family, success=Success.ALWAYS, variadic=True)
    box = replace(plain, params=("content",), returns="box:content", variadic=False)
    alike = {
        "looks_only": plain,
        "says_the_same": replace(plain, params=("first", "second", "count"), returns="same"),
        "noreturn": replace(plain, noreturn=True),
        "ends_thread": replace(plain, noreturn=True, ends_thread=True),
        "boxes": box,
    }
    for names, protocol in alike.items():
        for name in section.words(names):
            yield section, name, replace(protocol, name=_own_name(name))
    functions = section.section(key)
    for name in functions.table:
        for form, protocol in protocols_of(functions.section(name), resources, defaults):
            yield functions, form, protocol


def _own_name(name: str) -> str:
    """A function's name without its module."""
    return name.rpartition(".")[2].lstrip("*")


def protocols_of(
    section: Section, resources: Resources, defaults: Defaults
) -> Iterator[tuple[str, Protocol]]:
    """The names and protocols that a function's table describes. Raises RuleError.

    With `forms = ["A", "W"]` the function is known without a suffix, too.
    """
    section.only(_FUNCTION_KEYS)
    forms = section.words("forms")
    page = (section.name + "".join(forms[:1])).lower()
    source = section.word("source", defaults.source).replace("{page}", page)
    protocol = _protocol(section, resources, replace(defaults, source=source))
    for form in ("", *forms):
        yield section.name + form, replace(protocol, name=protocol.name + form)


def _protocol(section: Section, resources: Resources, defaults: Defaults) -> Protocol:
    """The protocol of a table whose keys are known."""
    params = section.words("params")
    uses = _roles(section, "uses", params, resources)
    return Protocol(
        name=_own_name(section.name),
        family=defaults.family,
        params=params,
        creates=tuple(
            _creation(one, params, uses, resources) for one in section.sections("creates")
        ),
        uses=uses,
        releases=_roles(section, "releases", params, resources),
        retains=_roles(section, "retains", params, resources),
        keeps=tuple(_known(section, "keeps", word, params) for word in section.words("keeps")),
        kept_if=_flags(section, "kept_if", params),
        kept_unless=_flags(section, "kept_unless", params),
        writes=tuple(_known(section, "writes", word, params) for word in section.words("writes")),
        success=success_of(section, defaults.success),
        noreturn=section.flag("noreturn"),
        ends_thread=section.flag("ends_thread"),
        requires=_param(section, "requires", params),
        expects=_param(section, "expects", params),
        fails_with=_param(section, "fails_with", params),
        allocates=section.flag("allocates"),
        frees=_param(section, "frees", params),
        zeroes=_param(section, "zeroes", params),
        zeroes_with=_param(section, "zeroes_with", params),
        copies=_copies(section, params),
        returns=_returns(section, params),
        owns_itself=section.flag("owns_itself"),
        replaced_by=section.word("replaced_by"),
        source=defaults.source,
        variadic=section.flag("variadic"),
        sdk=_sdk(section, params),
    )


def _known(section: Section, key: str, word: str, params: tuple[str, ...]) -> str:
    """The word, refused where it is no parameter."""
    if word not in params:
        raise section.error(f"unknown parameter `{word}`{nearest(word, params)}", key, word)
    return word


def _param(section: Section, key: str, params: tuple[str, ...]) -> str | None:
    """The parameter that a key names, if it is there."""
    word = section.word(key)
    return _known(section, key, word, params) if word else None


def _resource(section: Section, key: str, word: str, resources: Resources) -> str:
    """The word, refused where it is no resource."""
    if word not in resources:
        raise section.error(f"unknown resource `{word}`{nearest(word, resources)}", key)
    return word


def _roles(
    section: Section, key: str, params: tuple[str, ...], resources: Resources
) -> dict[str, str]:
    """A table from parameters to resources."""
    roles = section.section(key)
    for word in roles.table:
        _known(section, key, word, params)
        _resource(roles, word, roles.word(word), resources)
    return {word: roles.word(word) for word in roles.table}


def _creation(
    section: Section, params: tuple[str, ...], uses: Mapping[str, str], resources: Resources
) -> Creation:
    """What a `creates` table makes."""
    section.only(_CREATION_KEYS)
    into = section.word("into")
    if into != "return":
        _known(section, "into", into, params)
    resource = resources[_resource(section, "resource", section.word("resource"), resources)]
    _check_owner(section, resource, uses, resources)
    return Creation(
        into=into,
        resource=resource.name,
        owner=_param(section, "owner", params),
        owner_of=_param(section, "owner_of", params),
        memory=_param(section, "memory", params),
        unless=_flags(section, "unless", params),
        only_if=_flags(section, "only_if", params),
        owned_if=_param(section, "owned_if", params),
        asks_if=_flags(section, "asks_if", params),
        alternatives=tuple(
            _resource(section, "alternatives", word, resources)
            for word in section.words("alternatives")
        ),
        says=_flags(section, "says", params),
    )


def _flags(section: Section, key: str, params: tuple[str, ...]) -> Flags:
    """A table from parameters to the flags in them that decide something."""
    flags = section.section(key)
    return tuple(
        (_known(section, key, word, params), flag)
        for word in flags.table
        for flag in flags.words(word)
    )


def _check_owner(
    section: Section, made: Resource, uses: Mapping[str, str], resources: Resources
) -> None:
    """Refuse an owner that is not used as the resource that owns what is made."""
    owner, sibling = section.word("owner"), section.word("owner_of")
    if (owner or sibling) and made.owner is None:
        key = "owner" if owner else "owner_of"
        raise section.error(f"a {made.name} has no owner", key)
    if owner and uses.get(owner) != made.owner:
        message = f"the owner of a {made.name} is a {made.owner}, and `{owner}` is none in `uses`"
        raise section.error(message, "owner", owner)
    if sibling and (sibling not in uses or resources[uses[sibling]].owner != made.owner):
        message = f"`{sibling}` is no handle in `uses` that a {made.owner} owns"
        raise section.error(message, "owner_of", sibling)


def _copies(section: Section, params: tuple[str, ...]) -> tuple[str, str] | None:
    """The (from, to) of a function that copies memory."""
    copies = section.section("copies")
    if not copies.table:
        return None
    copies.only(("from", "to"))
    ends = copies.word("from"), copies.word("to")
    return _known(section, "copies", ends[0], params), _known(section, "copies", ends[1], params)


def _returns(section: Section, params: tuple[str, ...]) -> str:
    """What comes back, as `Protocol.returns` says it."""
    word = section.word("returns")
    kind, _, param = word.partition(":")
    if kind in _RETURNS_OF_ARGUMENT and param:
        _known(section, "returns", param, params)
    elif word and word not in _RETURNS:
        known = ", ".join([*_RETURNS, *(f"{kind}:PARAMETER" for kind in _RETURNS_OF_ARGUMENT)])
        raise section.error(f"unknown `returns` `{word}`; known: {known}", "returns")
    return word


def _sdk(section: Section, params: tuple[str, ...]) -> dict[str, str]:
    """The SDK's names of the binding's parameters, and of `return`."""
    sdk = section.section("sdk")
    return {_known(section, "sdk", word, (*params, "return")): sdk.word(word) for word in sdk.table}
