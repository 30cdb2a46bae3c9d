"""`match`: a chain of tests on the subject's place."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.managers import Managers
from capilint.frontends.python.parsing.tree import descendants

CASE = ir.Question.CASE


class Patterns(Managers):
    """Lowers `match`; what a pattern tests beyond equality is a free choice."""

    def statement_match(self, node: cst.Match) -> None:
        subject = self.held(self.value(node.subject), self.span(node.subject))
        after = self.graph.new_block()
        for case in node.cases:
            body, following = self.graph.new_block(), self.graph.new_block()
            matched = body if case.guard is None else self.graph.new_block()
            self._pattern(case.pattern, subject, matched, following)
            if case.guard is not None:
                self.graph.start(matched)
                self.condition(case.guard, body, following)
            self.graph.start(body)
            self.block(case.body)
            self.graph.jump(after)
            self.graph.start(following)
        self.graph.start(after)

    def _pattern(
        self, pattern: cst.MatchPattern, place: ir.Place, if_true: int, if_false: int
    ) -> None:
        """End the block: to `if_true`, with the captures bound, where the pattern matches."""
        match pattern:
            case cst.MatchValue(value=value) | cst.MatchSingleton(value=value):
                test = ir.Operation("==", (ir.Read(place), self.value(value)))
                self.branch(test, if_true, if_false, pattern, CASE)
            case cst.MatchAs(pattern=inner, name=name):
                if inner is not None:
                    matched = self.graph.new_block()
                    self._pattern(inner, place, matched, if_false)
                    self.graph.start(matched)
                if name is not None:
                    self.store(name, ir.Read(place), self.span(name))
                self.graph.jump(if_true)
            case cst.MatchOr(patterns=alternatives):
                for alternative in alternatives:
                    following = self.graph.new_block()
                    self._pattern(alternative.pattern, place, if_true, following)
                    self.graph.start(following)
                self.graph.jump(if_false)
            case cst.MatchList(patterns=elements) | cst.MatchTuple(patterns=elements):
                self._sequence(elements, place, if_true, if_false, pattern)
            case _:
                self._unknown_pattern(pattern, place, if_true, if_false)

    def _sequence(
        self,
        elements: Iterable[cst.MatchSequenceElement | cst.MatchStar],
        place: ir.Place,
        if_true: int,
        if_false: int,
        pattern: cst.MatchPattern,
    ) -> None:
        known: list[cst.MatchPattern] = []
        for element in elements:
            if isinstance(element, cst.MatchStar):
                self._unknown_pattern(pattern, place, if_true, if_false)
                return
            known.append(element.value)
        self.escape((ir.Read(place),), pattern)
        following = self.graph.new_block()
        self.graph.end(ir.Choose((following, if_false), self.span(pattern), question=CASE))
        for index, inner in enumerate(known):
            self.graph.start(following)
            following = self.graph.new_block()
            part = ir.Place(place.root, (*place.path, f"[{index}]"))
            self._pattern(inner, part, following, if_false)
        self.graph.start(following)
        self.graph.jump(if_true)

    def _unknown_pattern(
        self, pattern: cst.MatchPattern, place: ir.Place, if_true: int, if_false: int
    ) -> None:
        self.escape((ir.Read(place),), pattern)
        matched = self.graph.new_block()
        self.graph.end(ir.Choose((matched, if_false), self.span(pattern), question=CASE))
        self.graph.start(matched)
        for node in descendants([pattern]):
            name = node.rest if isinstance(node, cst.MatchMapping) else None
            if isinstance(node, (cst.MatchAs, cst.MatchStar)):
                name = node.name
            if name is not None:
                self.store(name, ir.Unknown((ir.Read(place),)), self.span(name))
        self.graph.jump(if_true)
