"""The IR as bytes."""

from __future__ import annotations

from capilint import finding, language
from capilint.cache.records import Records, records_in
from capilint.ir import code, program, values

MODULE_RECORDS = Records(records_in(finding, language, code, program, values))
