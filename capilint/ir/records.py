"""The IR as bytes."""

from __future__ import annotations

from capilint import finding, language
from capilint.cache.records import Records
from capilint.ir import code, program, values

MODULE_RECORDS = Records(
    each
    for module in (finding, language, code, program, values)
    for each in vars(module).values()
    if isinstance(each, type) and each.__module__ == module.__name__
)
