"""Sections that users name, and tables of their own names."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from ttm.config import (
    NAMED,
    ChannelSettings,
    Config,
    RemoteSettings,
    assignment,
    example,
    load,
    settings_of,
    spelled,
    value,
)
from ttm.config import write_setting as write
from ttm.errors import ConfigError, UnknownName, UsageError

NOTHING = Path("/dev/null")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_section_is_there_once_the_user_names_it(file):
    assert Config().engine.remote == {}
    file.write_text('[engine.remote.home]\nurl = "http://nas:8880/v1"\n[engine.remote.my-nas]\n')
    config = load(file)
    assert config.engine.remote == {"home": RemoteSettings(url="http://nas:8880/v1")}
    keys = [each.key for each in settings_of(config)]
    assert [key for key in keys if key.endswith(".url")] == ["engine.remote.home.url"]
    assert config.origin("engine.remote.home.url").where == f"{file}:2"
    assert value(config, "engine.remote.home.timeout") == 60.0
    with pytest.raises(UnknownName, match=r"nothing sets 'engine.remote.hme.url'. Did you mean"):
        value(config, "engine.remote.hme.url")


def test_profile_environment_and_flag_lay_over_the_file(file):
    file.write_text(
        "[engine.remote.my-nas]\nmodel = 'a'\ntimeout = 5\n"
        "[profiles.x.engine.remote.my-nas]\nmodel = 'b'\nformat = 'pcm'\n"
    )
    environ = {
        "TTM_ENGINE_REMOTE_MY_NAS_FORMAT": "mp3",
        "TTM_ENGINE_REMOTE_TWO_KEY_FILE": "/k",
        "TTM_ENGINE_REMOTE_TWO_NOTHING": "?",
        "TTM_ENGINE_REMOTE__URL": "?",
    }
    flags = [assignment("engine.remote.three.url=http://b")]
    config = load(file, profile="x", environ=environ, overrides=flags)
    found = config.engine.remote
    assert list(found) == ["my-nas", "two", "three"]
    assert (found["my-nas"].model, found["my-nas"].format, found["my-nas"].timeout) == (
        "b",
        "mp3",
        5.0,
    )
    assert (found["two"].key_file, found["three"].url) == ("/k", "http://b")
    origin = config.origin("engine.remote.my-nas.format")
    assert (origin.kind, origin.where) == ("environment", "TTM_ENGINE_REMOTE_MY_NAS_FORMAT")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engine.remote.home]\nurll = 'x'\n", "urll'; did you mean 'engine.remote.home.url'?"),
        ("[engine.remote.Home]\n", "engine.remote.Home: a name is up to 64 of a-z"),
        ("[engine.remote]\nhome = 3\n", "engine.remote.home: expected a table, got 3"),
        ("[engine]\nremote = 3\n", "engine.remote: expected a table, got 3"),
        ("[engine.remote.home]\nurl = 'ftp://x'\n", "expected an address, such as http"),
        ("[engine.remote.home]\nurl = 'http://me:key@x'\n", "expected an address, such as http"),
        ("[engine.remote.home]\nurl = 'http://[x'\n", "expected an address, such as http"),
        ("[engine.remote.home]\nvoices = { a = 1 }\n", "expected a table of names"),
        ("[engine.remote.home]\nvoices = 'x'\n", 'such as { anna = "af_heart" }, got "x"'),
        ("[engine.remote.home]\nextra = { a = 2020-01-01 }\n", "expected a table, such as"),
        ("[engine.remote.home]\nextra = { a = nan }\n", "expected a table, such as"),
        ("[engine.remote.home]\nformat = 'aac'\n", "expected wav, pcm, flac, mp3 or opus"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_named_section_is_told_with_its_line(file, text, said):
    file.write_text(text)
    with pytest.raises(ConfigError) as told:
        load(file)
    assert said in told.value.sentence
    assert told.value.sentence.startswith(f"{file}:")


def test_a_table_is_read_from_a_table_and_from_text(file):
    file.write_text("[engine.remote.home.voices]\nada = 'a'\n\"B b\" = 'b'\n")
    assert load(file).engine.remote["home"].voices == {"ada": "a", "B b": "b"}
    for key, text, wanted in (
        ("voices", '{ada = "a", "B b" = "b"}', {"ada": "a", "B b": "b"}),
        ("extra", "{ a = [1, { b = 2.5 }], c = true }", {"a": [1, {"b": 2.5}], "c": True}),
        ("extra", "{}", {}),
    ):
        place = f"engine.remote.home.{key}"
        config = load(NOTHING, overrides=[assignment(f"{place}={text}")])
        assert value(config, place) == wanted
        assert tomllib.loads(f"x = {spelled(wanted)}")["x"] == wanted
    for text in ("{", "x", "{}\ny = 1", "[1]", '{a = "\\u0007"}', "{a = " * 50 + "1" + "}" * 50):
        with pytest.raises(UsageError, match="expected a table"):
            load(NOTHING, overrides=[assignment(f"engine.remote.home.extra={text}")])


def test_setting_one_keeps_the_comments_and_what_else_there_is(file):
    file.write_text("# mine\n[engine.remote.home] # at home\nmodel = 'a' # b\n\n# last\n[say]\n")
    write(file, "engine.remote.home.url", "http://nas:1/v1")
    write(file, "engine.remote.home.voices", '{ada = "a"}')
    write(file, "engine.remote.other.url", "https://x/v1")
    write(file, "profiles.x.engine.remote.home.model", "c")
    text = file.read_text()
    assert text.startswith(
        "# mine\n[engine.remote.home] # at home\nmodel = 'a' # b\n"
        'url = "http://nas:1/v1"\nvoices = {ada = "a"}\n\n# last\n[say]\n'
        '\n[engine.remote.other]\nurl = "https://x/v1"\n'
    )
    config = load(file, profile="x")
    assert config.engine.remote["home"].voices == {"ada": "a"}
    assert config.engine.remote["home"].model == "c"
    assert config.engine.remote["other"].url == "https://x/v1"
    before = file.read_text()
    for key in ("engine.remote.Home.url", "engine.remote.home", "engine.remote.home.x"):
        with pytest.raises(UnknownName):
            write(file, key, "x")
    assert file.read_text() == before


def test_the_example_s_section_is_taken_out_of_its_comment(file):
    file.write_text(example())
    write(file, "engine.remote.home.model", "kokoro")
    write(file, "engine.remote.home.url", "http://nas:1/v1")
    lines = zip(file.read_text().splitlines(), example().splitlines(), strict=True)
    assert [(new, old) for new, old in lines if new != old] == [
        ("[engine.remote.home]", "#[engine.remote.home]"),
        ('url = "http://nas:1/v1"', '#url = ""'),
        ('model = "kokoro"', '#model = "tts-1"'),
    ]


def test_every_setting_of_a_named_section_says_what_it_is_and_has_its_default():
    kinds = {"engine.remote": RemoteSettings(), "channels": ChannelSettings()}
    for section, inside in NAMED.items():
        for name, setting in inside.items():
            assert setting.sentence.endswith(".")
            assert setting.default == getattr(kinds[section], name), section


def test_the_command_shows_gets_sets_and_checks_them(ttm, home):
    where = home / ".config/ttm/config.toml"
    done = ttm("config", "set", "engine.remote.home.url", "http://nas:8880/v1")
    assert done.returncode == 0, done.stderr
    assert ttm("config", "set", "engine.remote.home.voices", '{ada = "a"}').returncode == 0
    got = ttm("config", "get", "engine.remote", "--json")
    found = json.loads(got.stdout)
    assert found["engine.remote.home.url"] == "http://nas:8880/v1"
    assert found["engine.remote.home.voices"] == {"ada": "a"}
    assert ttm("config", "get", "engine.remote.home.url").stdout == b"http://nas:8880/v1\n"
    shown = ttm("config", "show", "--origin").stdout.decode()
    assert 'engine.remote.home.voices = { ada = "a" }' in shown
    assert f"{where}:" in shown
    checked = ttm("config", "check", env={"TTM_ENGINE_REMOTE_HOME_MODEL": "x"})
    assert checked.stdout.endswith(b"ok (2 settings)\n")
    assert checked.stderr == b""
