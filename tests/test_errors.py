"""The tree of errors: drawn as it is, each leaf with an exit code, a status and a name."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

from ttm import errors
from ttm.errors import TtmError, did_you_mean, every_error, nearest

LEAVES = every_error()

STATUSES = {1: {500}, 2: {400, 404, 409}, 3: {400}, 4: {500}, 5: {503}, 6: {500, 504}, 7: {507},
            8: {500}, 9: {409, 502, 503}, 141: {499}}  # fmt: skip
"""The exit codes of the contract that an error can have, with the statuses that go with them."""


def drawn() -> dict[str, tuple[str, int, int, str]]:
    """The module's drawing: name -> parent, exit code, status, code."""
    above = [TtmError.__name__]
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        row = re.fullmatch(r"([│├└─ ]*)(\w+) +(\d+) +(\d+) +(\w+)", line)
        if row:
            depth = len(row[1]) // 4
            above[depth:] = [row[2]]
            found[row[2]] = (above[depth - 1], int(row[3]), int(row[4]), row[5])
    return found


def test_the_drawing_has_every_error_with_its_numbers():
    real = {
        leaf.__name__: (leaf.__base__.__name__, leaf.exit_code, leaf.status, leaf.code)
        for leaf in LEAVES
        if leaf is not TtmError
    }
    assert drawn() == real


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_an_error_has_an_exit_code_of_the_contract_a_status_and_a_sentence(leaf):
    assert leaf.status in STATUSES[leaf.exit_code]
    assert re.fullmatch("[a-z]+(_[a-z]+)*", leaf.code)
    assert inspect.getdoc(leaf)
    assert leaf.__doc__ != leaf.__base__.__doc__


def test_no_two_errors_share_a_code():
    codes = [leaf.code for leaf in LEAVES]
    assert len(set(codes)) == len(codes)


def test_every_error_of_the_module_belongs_to_the_tree():
    declared = {
        node.name
        for node in ast.parse(inspect.getsource(errors)).body
        if isinstance(node, ast.ClassDef)
    }
    assert declared == {leaf.__name__ for leaf in LEAVES}


def test_a_sentence_is_what_happened_and_what_to_do():
    failure = TtmError("the cat is gone.", "Open the door.")
    assert failure.sentence == str(failure) == "the cat is gone. Open the door"
    assert TtmError("the cat is gone").sentence == "the cat is gone"


def test_near_names_come_best_first_and_at_most_three():
    known = ["voice", "voices", "Voice2", "vice", "volume"]
    assert nearest("voice", known) == ["voice", "voices", "Voice2"]
    assert nearest("VOICE", ["voice"]) == ["voice"]
    assert did_you_mean("vois", ["voice"]) == "did you mean 'voice'?"
    assert did_you_mean("xyz", known) == ""
