"""A record is what a frozen dataclass with slots is, to dataclasses and to `match` as well."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import (
    FrozenInstanceError,
    asdict,
    astuple,
    dataclass,
    field,
    fields,
    is_dataclass,
    replace,
)
from typing import Any, ClassVar

import pytest

from ttm.record import annotated, record


@record
class Point:
    """A point."""

    kind: ClassVar[str] = "point"
    x: int
    y: int = 2
    notes: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, slots=True)
class Plain:
    x: int
    y: int = 2
    notes: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)


@record(kw_only=True)
class Named:
    x: int = 1
    y: int


@record
class Deeper(Point):
    y: int = 3
    z: Any = field(default=None, metadata={"unit": "m"})


@pytest.mark.parametrize(
    ("words", "named"), [((1,), {}), ((1, 5), {}), ((), {"y": 1, "x": 4}), ((1, 2, {"a": 1}), {})]
)
def test_it_is_made_compared_and_shown_as_a_dataclass_is(words, named):
    one, plain = Point(*words, **named), Plain(*words, **named)
    assert (one.x, one.y, one.notes) == (plain.x, plain.y, plain.notes)
    assert repr(one) == repr(plain).replace("Plain", "Point")
    assert hash(one) == hash(plain)
    assert asdict(one) == asdict(plain)
    assert astuple(one) == astuple(plain)
    assert one == Point(one.x, one.y, {"other": 1})
    assert one != Point(one.x, one.y + 1)
    assert one != plain
    assert one.sum == one.x + one.y
    match one:
        case Point(x, y):
            assert (x, y) == (one.x, one.y)


@pytest.mark.parametrize(
    ("words", "named"), [((), {}), ((1, 2, {}, 4), {}), ((1,), {"x": 1}), ((1,), {"w": 1})]
)
def test_what_a_dataclass_does_not_take_it_does_not_take(words, named):
    for kind in (Point, Plain):
        with pytest.raises(TypeError, match=r"__init__\(\)"):
            kind(*words, **named)


def test_it_stays_as_it_is():
    one = Point(1)
    for change in (lambda: setattr(one, "x", 2), lambda: delattr(one, "x")):
        with pytest.raises(FrozenInstanceError):
            change()
    with pytest.raises((FrozenInstanceError, AttributeError)):
        one.w = 1  # type: ignore[attr-defined]
    assert not hasattr(one, "__dict__")
    assert Point(1).notes is not one.notes


def test_dataclasses_takes_it_for_one_of_its_own():
    assert is_dataclass(Point)
    described = [(f.name, f.type, f.default, f.compare, f.repr) for f in fields(Point)]
    assert described == [(f.name, f.type, f.default, f.compare, f.repr) for f in fields(Plain)]
    assert replace(Point(1), y=7) == Point(1, 7)
    assert list(annotated(Point)) == ["x", "y", "notes"]
    assert [f.kw_only for f in fields(Named)] == [True, True]
    assert replace(Named(y=5), x=2) == Named(x=2, y=5)
    with pytest.raises(TypeError):
        Named(1, 2)  # type: ignore[misc]


def test_fields_are_inherited():
    one = Deeper(1)
    assert (one.x, one.y, one.notes, one.z) == (1, 3, {}, None)
    assert repr(one) == "Deeper(x=1, y=3, z=None)"
    assert fields(Deeper)[3].metadata == {"unit": "m"}
    assert one != Point(1, 3)
    assert not hasattr(one, "__dict__")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_are_the_same(copied):
    assert copied(Deeper(1, 2, {"a": 1})) == Deeper(1, 2)
    assert copied(Point(1, 2, {"a": 1})).notes == {"a": 1}


def test_it_survives_a_pickle(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, Point.__module__, Holder)
    assert pickle.loads(pickle.dumps(Point(1, 2, {"a": 1}))).notes == {"a": 1}


class Holder:
    """A module to find the class in."""

    Point = Point
