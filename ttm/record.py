"""Records: what `dataclass(frozen=True, slots=True)` makes, at a tenth of what making it costs.

A hundred dataclasses take `ttm say` 90 ms and sixteen messages take every worker 10 ms: dataclasses
has Python compile six methods for each (0.5 to 2 ms; CPython 3.11), and imports inspect. Here all
classes share their methods, but for `__init__`, which is compiled for the first object.
`fields`, `replace`, `asdict`, `field()` and `match` take a record for a dataclass.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import Field, field
    from typing import dataclass_transform, overload

    T = TypeVar("T")

    @overload
    @dataclass_transform(frozen_default=True, field_specifiers=(field,))
    def record(cls: type[T], /) -> type[T]: ...

    @overload
    @dataclass_transform(frozen_default=True, field_specifiers=(field,))
    def record(*, kw_only: bool) -> Callable[[type[T]], type[T]]: ...

    def record(cls: Any = None, /, *, kw_only: bool = False) -> Any: ...

else:

    def record(cls=None, /, *, kw_only=False):
        """Make a record of a class, all of whose annotations are text; `kw_only`: its fields are
        given by name."""
        if cls is None:
            return lambda cls: _made(cls, kw_only)
        return _made(cls, kw_only)


def annotated(one: Any) -> Mapping[str, str]:
    """The names of a record's fields, each with its type as it is written."""
    types: dict[str, str] = one.__record__.types
    return types


class _Layout:
    """A record's fields; a base class's come first."""

    def __init__(self, cls: type, kw_only: bool) -> None:
        self.kw_only = kw_only
        self.types: dict[str, str] = {}
        self.defaults: dict[str, Any] = {}
        """As they stand in the class: a value, or what dataclasses.field() gave."""
        for base in reversed(cls.__mro__[1:]):
            if above := base.__dict__.get("__record__"):
                self.types |= above.types
                self.defaults |= above.defaults
        annotations = vars(cls).get("__annotations__", {})
        own = {name: kind for name, kind in annotations.items() if not kind.startswith("ClassVar")}
        self.slots = tuple(name for name in own if name not in self.types)
        self.types |= own
        self.defaults |= {name: cls.__dict__[name] for name in own if name in cls.__dict__}
        told = {name: given for name in self.types if (given := self.told(name))}
        self.compared = _getter(n for n in self.types if n not in told or told[n].compare)
        self.shown = [n for n in self.types if n not in told or told[n].repr]

    def told(self, name: str) -> Field[Any] | None:
        """What dataclasses.field() gave for it."""
        given = self.defaults.get(name)
        known = sys.modules.get("dataclasses")
        return given if known and isinstance(given, known.Field) else None


def _getter(names: Iterable[str]) -> Callable[[Any], Any]:
    named = tuple(names)
    return attrgetter(*named) if named else lambda _: ()


class _Fields:
    """`__dataclass_fields__`, which dataclasses itself makes when somebody asks for it."""

    def __get__(self, one: object, cls: Any) -> dict[str, Field[Any]]:
        from dataclasses import dataclass

        layout: _Layout = cls.__record__
        about = {"__annotations__": layout.types, "__doc__": "", "__module__": cls.__module__}
        plain: Any = type(cls.__name__, (), about | layout.defaults)
        made = dataclass(init=False, repr=False, eq=False, kw_only=layout.kw_only)(plain)
        found: dict[str, Field[Any]] = made.__dataclass_fields__
        cls.__dataclass_fields__ = found
        return found


def _made(cls: Any, kw_only: bool) -> Any:
    layout = _Layout(cls, kw_only)
    body = {name: value for name, value in cls.__dict__.items() if name not in layout.types}
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    names = tuple(layout.types)
    body |= {
        "__record__": layout,
        "__slots__": layout.slots,
        "__match_args__": () if kw_only else names,
        "__dataclass_fields__": _Fields(),
        "__init__": _first,
        "__setattr__": _frozen,
        "__delattr__": _frozen,
        "__getstate__": _getstate,
        "__setstate__": _setstate,
    }
    if "__eq__" not in body:
        body |= {"__eq__": _eq, "__hash__": _hash}
    body.setdefault("__repr__", _repr)
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _first(self: Any, *words: Any, **named: Any) -> None:
    """Takes the place of every record's `__init__` until it is called."""
    cls: Any = next(each for each in type(self).__mro__ if "__record__" in each.__dict__)
    cls.__init__ = made = _initializer(cls, cls.__record__)
    made(self, *words, **named)


def _initializer(cls: type, layout: _Layout) -> Any:
    unset = object()
    space: dict[str, Any] = {"unset": unset}
    words, lines = ["self", *["*"] * layout.kw_only], []
    for name in layout.types:
        word = value = name
        if name in layout.defaults:
            default, told = layout.defaults[name], layout.told(name)
            if told is not None:
                default = told.default
                if told.default_factory is not sys.modules["dataclasses"].MISSING:
                    default, space[f"make_{name}"] = unset, told.default_factory
                    value = f"make_{name}() if {name} is unset else {name}"
            if told is None or default is not sys.modules["dataclasses"].MISSING:
                word, space[f"default_{name}"] = f"{name}=default_{name}", default
        space[f"set_{name}"] = getattr(cls, name).__set__
        words.append(word)
        lines.append(f"\n set_{name}(self, {value})")
    exec(f"def __init__({', '.join(words)}):{''.join(lines) or ' pass'}", space)
    made = space["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = self.__record__.compared
    return compared(self) == compared(other)


def _hash(self: Any) -> int:
    return hash(self.__record__.compared(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__record__.shown)
    return f"{type(self).__qualname__}({shown})"


def _frozen(self: Any, name: str, value: object = None) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"'{name}' of {type(self).__qualname__} stays as it is")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__record__.types]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__record__.types, state, strict=True):
        object.__setattr__(self, name, value)
