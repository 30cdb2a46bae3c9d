"""`with`: what the name gets, and what runs at the exit."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from capilint import ir
from capilint.frontends.python.loops import Loops
from capilint.frontends.python.standard_names import CLOSING


class Managers(Loops):
    """Lowers `with` and `async with`."""

    def statement_with(self, node: cst.With) -> None:
        self._items(node.items, node.body)

    def _items(self, items: Sequence[cst.WithItem], body: cst.BaseSuite) -> None:
        if not items:
            self.block(body)
            return
        self._item(items[0], items[1:], body)

    def _item(
        self, item: cst.WithItem, further: Sequence[cst.WithItem], body: cst.BaseSuite
    ) -> None:
        span = self.span(item.item)
        called = item.item
        name = None
        if isinstance(called, cst.Call):
            name = self.names.canonical(called.func, self.scope)
        if isinstance(called, cst.Call) and name in CLOSING and len(called.args) == 1:
            managed = ir.Read(self.held(self.value(called.args[0].value), span))
            self._bind(item, managed)
            close = ir.Call(ir.Method(managed, "close"), (), None, span)
            self.protected(lambda: self._items(further, body), lambda: self.emit(close), span)
            return
        value = self.value(called)
        self.escape((value,), called)
        self._bind(item, value)
        self._items(further, body)

    def _bind(self, item: cst.WithItem, value: ir.Value) -> None:
        if item.asname is not None:
            self.store(item.asname.name, value, self.span(item.asname.name))
