"""Unseen functions that tell a success from a failure, and say so by their name.

if (!MY_SUCCESS(status))          true where the call succeeded
if cng.is_failure(status):        true where it failed
if (LOG_IF_FAILED(status))        gives who knows what: it does more than answer
"""

from __future__ import annotations

import re

from capilint.engine.domain.binding import Arguments
from capilint.engine.domain.values import Status
from capilint.engine.transfer.ways import Site
from capilint.ir import Indirect, callee_name

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SUCCESS = frozenset({"success", "successful", "succeeded", "succeed"})
_FAILURE = frozenset({"failure", "failed", "unsuccessful"})
_ANSWERING = frozenset(
    {"is", "was", "has", "did", "have", "nt", "hr", "hresult", "status", "sec", "win", "win32"}
    | {"security", "bcrypt", "ncrypt", "crypt", "cng", "capi", "my", "be", "api", "rc", "32"}
)


def verdict(site: Site, arguments: Arguments) -> Status | None:
    """What an unseen predicate says of the one status that it is given; None where it may say, or
    do, anything."""
    call = site.call
    if call.result is None or call.may_raise or isinstance(call.callee, Indirect):
        return None
    if len(arguments.positional) != 1 or arguments.keywords or arguments.spread:
        return None
    status = arguments.positional[0].value
    words = [word.lower() for word in _WORD.findall(callee_name(call.callee).partition("(")[0])]
    if not isinstance(status, Status) or not words or not _ANSWERING.issuperset(words[:-1]):
        return None
    if words[-1] in _SUCCESS:
        return Status(status.site, int(not status.failed), status.target, status.failed)
    if words[-1] in _FAILURE:
        return Status(status.site, int(status.failed), status.target, status.failed)
    return None
