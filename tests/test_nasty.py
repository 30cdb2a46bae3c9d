"""Every production of the grammars, nested and repeated: no internal error, and places inside.

How long they take at their full size is `make nasty`'s matter.
"""

from __future__ import annotations

import pytest

from capilint.files.discover import SUFFIXES
from capilint.files.source import Input
from tests.fuzz.inputs import hold
from tests.nasty.shapes import Shape, shapes

SIZE = 300  # characters
SHAPES = list(shapes())


@pytest.mark.parametrize("suffix", [".c", ".cpp", ".py"])
def test_nasty_shapes_hold(suffix: str) -> None:
    for shape in SHAPES:
        if shape.suffix == suffix:
            hold(Input(f"{shape.name}{suffix}", SUFFIXES[suffix], shape.text(SIZE).encode()))


def test_a_shape_is_as_long_as_it_is_to_be() -> None:
    shape = Shape("x", ".c", "f(", "1", ")", before="x = ", after=";")
    assert "x = f(f(f(1)));" in shape.text(9)
    assert 1_000 < len(shape.text(1_000)) < 1_300
    assert len({(shape.suffix, shape.name, shape.alone) for shape in SHAPES}) == len(SHAPES) > 350
