"""What a finding is known by from one run to the next, where lines have moved."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from capilint.config.loading import shown_path
from capilint.files.source import Source
from capilint.finding import Finding, place_of


def fingerprints(
    findings: Iterable[Finding], sources: Mapping[str, Source]
) -> Iterator[tuple[Finding, str]]:
    """Each finding, in the order of the source, with its fingerprint: 32 hexadecimal digits.

    It holds no line number, but the text of the line; equal ones are told apart by their order,
    so that all findings of a run are to be given, suppressed or not.
    """
    seen: Counter[str] = Counter()
    for finding in sorted(findings, key=place_of):
        identity = _identity(finding, sources)
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode(errors="surrogatepass"))
        yield finding, digest.hexdigest()[:32]


def text_of(finding: Finding, sources: Mapping[str, Source]) -> str:
    """The line that a finding points at, without its indentation; empty where it is not known."""
    source = sources.get(finding.path)
    return "" if source is None else source.line_of(finding.span).strip()


def _identity(finding: Finding, sources: Mapping[str, Source]) -> str:
    text = text_of(finding, sources)
    path = shown_path(finding.path)
    return "\0".join((finding.code, path, finding.function, finding.handle, text))
