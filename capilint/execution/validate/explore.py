"""Every path of a function, and the linter's findings beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from capilint import ir
from capilint.execution.validate.api import Mistake
from capilint.execution.validate.program import Program
from capilint.execution.validate.values import Choices, NotRunnable
from capilint.execution.validate.walker import Walker
from capilint.finding import Finding
from capilint.rulebook.book import RuleBook

MOST_PATHS = 1_000
_LEFT_AND_LOST = ("CAP101", "CAP103")
_STRONGER = {"CAP102": ("CAP101", "CAP103"), "CAP103": ("CAP101",)}
_CODES = ("CAP101", "CAP102", "CAP103", "CAP201", "CAP202", "CAP203", "CAP301")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What linter and model say of one function.

    `reason` says why it was not run, or is empty. `agree` pairs what both say.
    """

    function: ir.Function
    reason: str = ""
    agree: tuple[tuple[Finding, Mistake], ...] = ()
    linter_only: tuple[Finding, ...] = ()
    model_only: tuple[Mistake, ...] = ()


def validate(
    module: ir.Module,
    findings: Iterable[Finding],
    book: RuleBook,
    wanted: Callable[[ir.Function], bool] | None = None,
) -> list[Verdict]:
    """The functions of a file, or those that are wanted, each against the findings in it."""
    functions = {function.qualified_name: function for function in module.functions}
    in_cpp = module.language is ir.Language.CPP
    bases = {**book.exception_classes, **module.classes} if in_cpp else {}
    run = _Run(Program(functions, bases), book, module.structures)
    names = Counter(function.qualified_name for function in module.functions)
    patched = any(name.endswith("errcheck") for name in module.attribute_stores)
    found = [each for each in findings if each.path == module.path and each.code in _CODES]
    return [
        Verdict(function, "an errcheck function of the program's own")
        if patched
        else Verdict(function, "functions of one name")
        if max(names.values()) > 1
        else Verdict(function, "a constructor: who drops the object is not known")
        if function.owner_class is not None
        and function.name.endswith((".__init__", ".__post_init__"))
        else run.verdict(function, found)
        for function in module.functions
        if any(True for block in function.blocks if block.instructions)
        and (wanted is None or wanted(function))
    ]


@dataclass
class _Run:
    """The functions of one file, each walked once."""

    program: Program
    book: RuleBook
    members: Mapping[str, frozenset[str]]
    walked: dict[str, set[Mistake] | NotRunnable] = field(default_factory=dict)

    def verdict(self, function: ir.Function, findings: list[Finding]) -> Verdict:
        """What linter and model say of one function."""
        mistakes = self._mistakes(function)
        if isinstance(mistakes, NotRunnable):
            return Verdict(function, str(mistakes))
        here = [
            each
            for each in findings
            if _is_of(each, function) and not (each.ender or self._is_of_class(each, function))
        ]
        open_mistakes = {(mistake.code, mistake.created): mistake for mistake in sorted(mistakes)}
        agree: list[tuple[Finding, Mistake]] = []
        linter_only: list[Finding] = []
        for finding in findings:  # a context manager's are told of it, not of those who use it
            matches = [each for each in sorted(mistakes) if _same(finding, each, function)]
            if finding in here and matches:
                agree.append((finding, matches[0]))
            elif finding in here and not self._may_be_of_a_twin(finding, function):
                linter_only.append(finding)
            for mistake in matches:
                open_mistakes.pop((mistake.code, mistake.created), None)
        at_home = _calls_of_openers(function, findings)
        again = {finding.span.line for finding, _ in agree if finding.code == "CAP202"}
        model_only = [
            each
            for each in open_mistakes.values()
            if each.created not in at_home
            # What a closer's second call ends besides is the same mistake.
            and not (each.code == "CAP202" and each.line in again)
        ]
        return Verdict(function, "", tuple(agree), tuple(linter_only), tuple(model_only))

    def _is_of_class(self, finding: Finding, function: ir.Function) -> bool:
        """Whether other functions show what is wrong: that nobody ends what this one leaves in a
        member, as what they make the handle that this one ends, what it lives in, or that it is
        theirs to release."""
        if finding.code == "CAP203":
            met = [each for each in finding.trace if finding.subject in dict(each.handles).values()]
            return len(met) < 2  # the release alone: it is not made here
        if finding.code in ("CAP103", "CAP301"):
            return all(step.kind != "create" for step in finding.steps)
        member = finding.handle.replace("->", ".").partition(".")[0].partition("[")[0]
        return finding.code == "CAP101" and member in self.members.get(
            function.owner_class or "", ()
        )

    def _mistakes(self, function: ir.Function) -> set[Mistake] | NotRunnable:
        name = function.qualified_name
        if name not in self.walked:
            try:
                self.walked[name] = mistakes_of(function, self.program, self.book)
            except NotRunnable as error:
                self.walked[name] = error
        return self.walked[name]

    def _may_be_of_a_twin(self, finding: Finding, function: ir.Function) -> bool:
        """Whether the finding may be of the same text as another instance of its template."""
        twins = (
            self._mistakes(each)
            for each in self.program.functions.values()
            if each is not function and each.span == function.span
        )
        return any(
            isinstance(mistakes, NotRunnable)
            or any(_same(finding, each, function) for each in mistakes)
            for mistakes in twins
        )


def _is_of(finding: Finding, function: ir.Function) -> bool:
    """Whether it is in that function, and not in another overload of the name."""
    return finding.function == function.name and (
        function.language is not ir.Language.CPP or finding.span.line in _lines(function)
    )


def _lines(function: ir.Function) -> set[int]:
    spans = [each.span for block in function.blocks for each in block.instructions]
    spans += [
        block.terminator.span
        for block in function.blocks
        if not isinstance(block.terminator, ir.Jump)
    ]
    return {each.line for each in spans}


def _calls_of_openers(function: ir.Function, findings: Iterable[Finding]) -> set[int]:
    """The lines that call functions of whose handles it is said that their ender forgets them."""
    openers = {finding.function for finding in findings if finding.ender}
    return {
        each.span.line
        for block in function.blocks
        for each in block.instructions
        if isinstance(each, ir.Call) and ir.callee_name(each.callee) in openers
    }


def mistakes_of(function: ir.Function, program: Program, book: RuleBook) -> set[Mistake]:
    """All mistakes on all paths. Raises NotRunnable."""
    choices = Choices()
    found: set[Mistake] = set()
    for _ in range(MOST_PATHS):
        walker = Walker(program, book, choices)
        walker.run(function)
        found |= walker.api.mistakes
        if not choices.next():
            made = {(mistake.code, mistake.created) for mistake in found}
            return {
                mistake  # a handle that is left alive in several ways is one mistake
                for mistake in found
                if not any(
                    (code, mistake.created) in made for code in _STRONGER.get(mistake.code, ())
                )
            }
    raise NotRunnable("more paths than are followed")


def _same(finding: Finding, mistake: Mistake, function: ir.Function) -> bool:
    # What a smart pointer's destructor loses while a function is left is left there, to the linter.
    lost = function.language is ir.Language.CPP and (finding.code, mistake.code) == _LEFT_AND_LOST
    if finding.code != mistake.code and not lost:
        return False
    instead = {step.span.line for step in finding.also if step.kind == "create"}
    created = [step.span.line for step in finding.steps if step.kind == "create"]
    return mistake.created in instead or (
        finding.span.line == mistake.line and (not created or mistake.created in created)
    )
