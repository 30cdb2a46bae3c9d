"""`capilint validate`: run functions on the model of CryptoAPI, and compare with the linter."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from capilint.commands import CommandError
from capilint.engine import analyse
from capilint.execution.validate.api import Mistake
from capilint.execution.validate.explore import Verdict, validate
from capilint.files import includes
from capilint.files.discover import discover
from capilint.files.source import UnreadableError, load_input, mentions, read_bytes
from capilint.finding import Finding
from capilint.frontends import c, cpp
from capilint.language import Language
from capilint.lowering import lower
from capilint.rulebook.book import load as load_rules

_EPILOG = """\
Every function of the files is followed along every path that its API calls, and the conditions
that nobody knows, can make it take; the calls go to the runtime model. What the model's monitor
says is compared with the findings of `capilint check`. The code itself is not run.

exit status: 0 both agree; 1 they do not; 2 a file cannot be read.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files and folders")
    parser.add_argument(
        "--verbose", action="store_true", help="show what agrees and what cannot be run, too"
    )


def run(options: argparse.Namespace) -> int:
    """Print the comparison, and the counts."""
    discovery = discover(options.paths)
    if discovery.unreadable:
        first = discovery.unreadable[0]
        raise CommandError(f"{first.path}: {first.reason}")
    book = load_rules()
    counts: Counter[str] = Counter()
    find = includes.Headers(discovery.inputs).find
    headers: dict[Language, c.Headers | cpp.Headers]
    headers = {Language.C: c.Headers(find), Language.CPP: cpp.Headers(find)}
    for item in discovery.inputs:
        try:
            data = read_bytes(item.path) if item.data is None else item.data
            if not mentions(data, book.scan_names(item.language).search):
                continue
            source = load_input(item, data)
            module = lower(source, headers=headers.get(source.language))
        except UnreadableError as error:
            raise CommandError(f"{item.path}: {error}") from error
        for verdict in validate(module, analyse([module], book), book):
            counts += _counts(verdict)
            sys.stdout.writelines(_lines(item.path, verdict, options.verbose))
    print(
        f"{counts['run']} functions run, {counts['not runnable']} not runnable: "
        f"{counts['agree']} findings agree, {counts['linter only']} linter only, "
        f"{counts['model only']} model only"
    )
    return 1 if counts["linter only"] or counts["model only"] else 0


def _counts(verdict: Verdict) -> Counter[str]:
    if verdict.reason:
        return Counter({"not runnable": 1})
    return Counter(
        {
            "run": 1,
            "agree": len(verdict.agree),
            "linter only": len(verdict.linter_only),
            "model only": len(verdict.model_only),
        }
    )


def _lines(path: str, verdict: Verdict, verbose: bool) -> Iterator[str]:
    name = verdict.function.name
    where = f"{path}:{verdict.function.span.line}"
    if verbose and verdict.reason:
        yield f"{where}: {name}: not runnable: {verdict.reason}\n"
    for finding, mistake in verdict.agree if verbose else ():
        yield f"{path}:{finding.span.line}: agree: {finding.code} {finding.message}\n"
        yield from _both(finding, mistake)
    for finding in verdict.linter_only:
        yield f"{path}:{finding.span.line}: linter only: {finding.code} {finding.message}\n"
        yield from _both(finding, None)
    for mistake in verdict.model_only:
        yield f"{path}:{mistake.line}: model only: {mistake.code} in `{name}`\n"
        yield from _both(None, mistake)


def _both(finding: Finding | None, mistake: Mistake | None) -> Iterator[str]:
    steps = [f"{step.span.line}: {step.message}" for step in finding.steps] if finding else []
    yield from _witness("linter", steps)
    yield from _witness("model", mistake.witness if mistake else ())


def _witness(who: str, stations: Sequence[str]) -> Iterator[str]:
    for station in stations:
        yield f"    {who}  {station}\n"
