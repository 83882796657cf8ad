"""The example file is the declaration, written out."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from ttm.config import (
    ChannelSettings,
    Config,
    RemoteSettings,
    every_setting,
    example,
    expected,
    load,
    settings_of,
    value,
)

SHIPPED = Path(__file__, "../../../config.example.toml").resolve()


def test_the_shipped_example_is_what_the_declaration_gives():
    assert SHIPPED.read_text() == example()


def test_as_it_stands_it_changes_nothing(tmp_path):
    assert load(SHIPPED) == Config()
    assert load(SHIPPED).origins == {}


def test_with_every_setting_taken_in_nothing_changes_either(tmp_path):
    text = re.sub(r"(?m)^#(?=[^ \n])", "", example())
    tables = tomllib.loads(text)
    file = tmp_path / "all.toml"
    file.write_text(text)
    config = load(file)
    assert config.engine.remote == {"home": RemoteSettings()}
    assert config.channels == {"home": ChannelSettings()}
    assert replace(config, engine=replace(config.engine, remote={}), channels={}) == Config()
    assert set(config.origins) == {each.key for each in settings_of(config)}
    news = load(file, profile="news")
    assert set(tables["profiles"]) == {"news"}
    assert (news.say.rate, news.engine.espeak.word_gap) == ("1.2", 20)


@pytest.mark.parametrize("setting", every_setting(), ids=lambda each: each.key)
def test_every_setting_says_what_it_is_and_what_it_takes(setting):
    assert setting.sentence.endswith(".")
    assert setting.sentence in re.sub(r"\n# ", " ", example())
    assert f"# Takes {expected(setting)}. Environment: {setting.variable}" in example()
    assert value(Config(), setting.key) == setting.default
    if setting.type in (int, float):
        assert setting.low is not None
        assert setting.high is not None


def test_no_line_is_too_long_to_read():
    assert max(map(len, example().splitlines())) <= 110
