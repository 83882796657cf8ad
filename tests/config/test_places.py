"""The line of every key, in whatever way TOML lets one be written."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.config.places import Lines, Place, places

AWKWARD = '''\
# [not.a.table]
schema = 1 # x = 2
top.dotted . "quo ted".'lit' = """
[not.a.table]
fake = 1\\"""" ""
"""
[ say ]    # [no]
rate = [ # ]
  "]", '[', # fake = 1
  { a = "}" },
]
"voice" = \'\'\'
pitch = 3\'\'\'\'
pause = 250

[[ list . "of tables" ]]
a = """"two"""""
[[list."of tables"]]
b = {c = {d = 1}, "\\u0065" = [
  1]}
[engine.espeak]
data="#"
"\\u0065scaped" = 0
last = 1'''


def test_awkward_files_are_read_like_tomllib_reads_them():
    text = AWKWARD.replace('\\"""" ""\n"""', '\\"""\n"""')
    tomllib.loads(text)
    lines = Lines(text)
    wanted = {
        "schema": 2,
        "top.dotted.quo ted.lit": 3,
        "say": 7,
        "say.rate": 8,
        "say.voice": 12,
        "say.pause": 14,
        "list.of tables": 16,
        "list.of tables.a": 17,
        "list.of tables.b": 19,
        "list.of tables.b.c.d": 19,
        "engine": 21,
        "engine.espeak": 21,
        "engine.espeak.data": 22,
        "engine.espeak.escaped": 23,
        "engine.espeak.last": 24,
    }
    assert {key: lines.of(key.split(".")) for key in wanted} == wanted
    assert lines.of(["say", "pitch"]) == 7  # only inside a text: the table around it
    assert lines.of(["nowhere"]) == 1


def test_a_place_ends_where_its_value_ends():
    text = 'a = [\n1,\n]\nb = """\n\n""" # c\n[t]\nc = 1'
    assert [(p.path[-1], p.first, p.last) for p in places(text)] == [
        ("a", 1, 3),
        ("b", 4, 6),
        ("t", 7, 7),
        ("c", 8, 8),
    ]
    assert places(text)[3] == Place(("t", "c"), False, 8, 8)


NAMES = st.sampled_from(["a", "b-c", "9", '"q.x"', "'l#'", '"e\\u0041"', '"]"', '"="'])
VALUES = st.sampled_from(
    ["1", '"]"', "'#'", '"\\""', "[1,\n\n2]", "[[\n],'''\nx = 1''']", '"""\n[t]\n"""', "{k = '}'}",
     "''", '""', '""""""', "''''''", '"""""x"""""', "''''\n'''''", "[#\n]", "1979-05-27 07:32:00"]
)  # fmt: skip
TAILS = st.sampled_from(["", " ", " # x = [", '\t#"""', "\n\n", "\n# [t]\n"])
STATEMENTS = st.lists(
    st.tuples(st.booleans(), st.lists(NAMES, min_size=1, max_size=3), VALUES, TAILS),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(STATEMENTS, st.sampled_from(["\n", "\r\n"]))
def test_every_statement_is_found_on_its_line(statements, newline):
    text, wanted, line = "", [], 1
    for number, (header, names, value, tail) in enumerate(statements):
        names = [*names, f"n{number}"]
        written = f"[{' . '.join(names)}]" if header else f"{'.'.join(names)} = {value}"
        wanted.append((f"n{number}", header, line, line + written.count("\n")))
        text += written + tail + "\n"
        line = text.count("\n") + 1
    text = text.replace("\n", newline)
    found = places(text)
    assert [(p.path[-1], p.header, p.first, p.last) for p in found] == wanted
    for (_, names, _, _), place in zip(statements, found, strict=True):
        values = tomllib.loads(
            "\n".join(f"x{i} = {n}" for i, n in enumerate(names) if n[0] in "\"'")
        )
        plain = [values.get(f"x{i}", n) for i, n in enumerate(names)]
        assert list(place.path[-len(names) - 1 : -1]) == plain


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="[]{}\"'\\#=.,ab \n\r\t"))
def test_no_text_makes_it_hang_or_fail(text):
    assert all(place.first <= place.last for place in places(text))
