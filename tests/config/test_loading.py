"""The layers, and what is said about values that cannot be."""

from __future__ import annotations

import math
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttm.config import (
    SETTINGS,
    Assignment,
    Config,
    Origin,
    Setting,
    assignment,
    every_setting,
    load,
    match,
    value,
)
from ttm.errors import ConfigError, TtmError, UnknownName, UsageError

EVERY = [pytest.param(each, id=each.key) for each in every_setting()]
NUMBERS = [
    each for each in EVERY if each.values[0].low is not None and each.values[0].type is not tuple
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(file: Path, text: str, **more: object) -> str:
    """What is said when this is the file."""
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, **more)  # type: ignore[arg-type]
    return "\n".join([caught.value.sentence, *caught.value.problems])


def typed(setting: Setting) -> str:
    """The setting's default as people type it."""
    default = setting.default
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


def table(setting: Setting) -> tuple[str, str]:
    section, _, name = setting.key.rpartition(".")
    return section, name


def test_without_a_file_everything_has_its_default(monkeypatch, tmp_path):
    monkeypatch.delenv("TTM_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    config = load()
    assert config == Config()
    for setting in every_setting():
        assert value(config, setting.key) == setting.default
        assert config.origin(setting.key) == Origin("default")


def test_a_home_that_is_no_folder_gives_defaults(monkeypatch):
    monkeypatch.delenv("TTM_CONFIG", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert load() == Config()


def test_a_file_that_the_user_named_must_exist(monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml does not exist"):
        load(tmp_path / "none.toml")
    monkeypatch.setenv("TTM_CONFIG", str(tmp_path / "chosen.toml"))
    with pytest.raises(ConfigError, match=r"chosen\.toml does not exist"):
        load()


def test_a_home_that_cannot_be_found_is_named(monkeypatch):
    monkeypatch.setenv("TTM_CONFIG", "~no-such-user-here/config.toml")
    with pytest.raises(ConfigError, match="TTM_CONFIG"):
        load()


def test_each_layer_beats_the_one_below_and_says_so(file):
    file.write_text(
        "[say]\nrate = 2\npitch = 1\nvolume = 1\npause = 1\n"
        "[profiles.news.say]\npitch = 2\nvolume = 2\npause = 2\n"
        "[profiles.other.say]\npitch = 9\n"
    )
    config = load(
        file,
        profile="news",
        environ={"TTM_SAY_VOLUME": "3", "TTM_SAY_PAUSE": "3", "OTHER": "x"},
        overrides=[("say.pause", 4), ("say.voice", None), assignment("models.strict=no")],
    )
    assert (config.say.rate, config.say.pitch, config.say.volume) == ("2", 2.0, 3.0)
    assert (config.say.pause, config.models.strict) == (4, False)
    assert config.origin("say.rate") == Origin("file", f"{file}:2")
    assert config.origin("say.pitch") == Origin("profile", "news")
    assert config.origin("say.volume") == Origin("environment", "TTM_SAY_VOLUME")
    assert config.origin("say.pause") == Origin("flag", "--pause")
    assert config.origin("models.strict") == Origin("flag", "--set models.strict")
    assert config.origin("say.voice") == Origin("default")


def test_later_flags_beat_earlier_ones():
    config = load(Path("/dev/null"), overrides=[("say.pitch", 1), assignment("say.pitch=2")])
    assert config.say.pitch == 2.0
    assert load(Path("/dev/null"), overrides={"say.pitch": 3}).say.pitch == 3.0


def test_an_unknown_profile_is_answered_with_the_nearest(file):
    file.write_text("[profiles.news.say]\nrate = 1.2\n")
    with pytest.raises(UnknownName, match=r"no profile 'nwes'.*Did you mean 'news'\?"):
        load(file, profile="nwes")
    with pytest.raises(UnknownName, match="no profile 'news'"):
        load(Path("/dev/null"), profile="news")


def test_profiles_are_checked_though_nobody_asks_for_them(file):
    assert "config.toml:2: profiles.news.say.rate: expected" in refusal(
        file, "[profiles.news.say]\nrate = 9\n"
    )
    assert "did you mean 'profiles.news.say.voice'?" in refusal(
        file, "[profiles.news.say]\nvoise = 'x'\n"
    )
    assert "config.toml:1: profiles.News: a profile's name" in refusal(file, "[profiles.News.say]")
    assert "a profile's name" in refusal(file, "[profiles.'../x'.say]")
    assert "profiles.news: expected a table" in refusal(file, "profiles.news = 1")
    assert "profiles: expected a table" in refusal(file, "profiles = 1")


@pytest.mark.parametrize("setting", EVERY)
def test_a_wrong_value_is_answered_with_file_line_and_key(setting, file):
    section, name = table(setting)
    wrong = '"many"' if setting.type is not str else "false"
    said = refusal(file, f"# one\n\n[{section}]\n{name} = {wrong}\n")
    assert said.startswith(f"{file}:4: {setting.key}: expected ")
    assert said.endswith(f", got {wrong}")


@pytest.mark.parametrize("setting", EVERY)
def test_a_misspelt_key_is_answered_with_the_nearest(setting, file):
    section, name = table(setting)
    said = refusal(file, f"[{section}]\n{name[:2]}{name[1:]} = 1\n")
    assert f"{file}:2: unknown setting '{section}.{name[:2]}{name[1:]}'" in said
    assert f"did you mean '{setting.key}'?" in said


@pytest.mark.parametrize("setting", NUMBERS)
def test_numbers_out_of_range_are_refused_whatever_their_size(setting, file):
    section, name = table(setting)
    for wrong in ("inf", "-inf", "nan", "-1e9", str(2**64), "-" + "9" * 400, "0x" + "f" * 9999):
        said = refusal(file, f"[{section}]\n{name} = {wrong}\n")
        assert f":2: {setting.key}: expected " in said
        assert len(said) < len(str(file)) + 200


@pytest.mark.parametrize("setting", NUMBERS)
def test_the_ends_of_a_range_are_inside_it(setting, file):
    section, name = table(setting)
    for right in (setting.low, setting.high, *setting.choices):
        written = int(right) if setting.type is int else right
        file.write_text(f"[{section}]\n{name} = {written}\n")
        assert float(value(load(file), setting.key)) == right
    assert setting.high is not None
    assert math.isfinite(setting.high)


@pytest.mark.parametrize("setting", EVERY)
def test_every_setting_can_come_from_the_environment_and_from_set(setting):
    text = typed(setting)
    config = load(Path("/dev/null"), environ={setting.variable: text})
    assert value(config, setting.key) == setting.default
    assert config.origin(setting.key).where == setting.variable
    config = load(Path("/dev/null"), overrides=[assignment(f"{setting.key}={text}")])
    assert value(config, setting.key) == setting.default
    assert type(value(config, setting.key)) is setting.type


def test_no_two_settings_share_a_variable():
    assert len({each.variable for each in every_setting()}) == len(SETTINGS)
    assert SETTINGS["engine.espeak.word_gap"].variable == "TTM_ENGINE_ESPEAK_WORD_GAP"


def test_a_whole_number_is_a_number_and_nothing_else_is(file):
    file.write_text("[say]\npitch = 3\n")
    assert type(load(file).say.pitch) is float
    for wrong in ("true", '"3"', "[3]", "{a = 3}", "2020-01-01", "10:00:00"):
        assert "say.pitch: expected a number from -12" in refusal(file, f"[say]\npitch = {wrong}")
    for wrong in ("true", '"3"', "3.0"):
        assert "say.pause: expected a whole" in refusal(file, f"[say]\npause = {wrong}")
    for wrong in ("1", '"true"'):
        assert "expected true or false" in refusal(file, f"[say]\nnormalize = {wrong}")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("say.format", "aac"),
        ("say.on_error", "FAIL"),
        ("text.encoding", "utf-99"),
        ("text.encoding", "base64"),
        ("text.errors", "ignore"),
        ("playback.player", "sox 'x"),
        ("playback.player", " "),
        ("engine.espeak.library", "a\\u0000b"),
        ("engine.qwen3.device", "gpu"),
        ("engine.qwen3.device", "cuda:"),
        ("engine.qwen3.dtype", "int8"),
        ("engine.qwen3.quantize", "int4"),
        ("engine.qwen3.temperature", -0.5),
        ("engine.qwen3.top_p", 0),
        ("engine.qwen3.repetition_penalty", 0.9),
        ("engine.qwen3.max_seconds", 0.5),
        ("models.dir", "a\\u0000b"),
        ("say.sample_rate", 7999),
        ("say.bitrate", 7),
        ("say.rate", "1,5"),
    ],
)
def test_what_is_no_choice_is_refused_with_what_would_be(key, wrong, file):
    section, _, name = key.rpartition(".")
    spelled = f'"{wrong}"' if isinstance(wrong, str) else wrong
    assert f"{key}: expected " in refusal(file, f"[{section}]\n{name} = {spelled}\n")


def test_a_list_can_be_written_in_many_ways(file):
    def frames(**environ: str) -> tuple[int, ...]:
        return load(file, environ=environ).engine.qwen3.chunk_frames

    file.write_text("[engine.qwen3]\nchunk_frames = [ # small first\n  1,\n  100,\n]\n")
    assert frames() == (1, 100)
    for written in ("3,2,1", " 3 , 2,1 ", "[3, 2, 1]", "[3,2,1]"):
        assert frames(TTM_ENGINE_QWEN3_CHUNK_FRAMES=written) == (3, 2, 1)
    assert frames(TTM_ENGINE_QWEN3_CHUNK_FRAMES="7") == (7,)
    config = load(file, overrides=[("engine.qwen3.chunk_frames", [5])])
    assert config.engine.qwen3.chunk_frames == (5,)


@pytest.mark.parametrize(
    "wrong",
    ["[]", "[0]", "[101]", "[1, true]", "[1.0]", "['1']", "[[1]]", "1", "'1,2'", f"[{'1,' * 65}]"],
)
def test_a_list_of_anything_but_numbers_in_their_range_is_refused(file, wrong):
    said = refusal(file, f"[engine.qwen3]\nchunk_frames = {wrong}\n")
    assert "engine.qwen3.chunk_frames: expected whole numbers in a list, each from 1 to 100" in said


@pytest.mark.parametrize(
    "wrong", ["", "1,,2", "1;2", "1 2", "0", "1_0", "+1", "-1", "1e1", "[1", "²"]
)
def test_a_list_that_is_typed_wrongly_is_refused(wrong):
    with pytest.raises(UsageError, match="expected whole numbers in a list"):
        load(Path("/dev/null"), overrides=[Assignment("engine.qwen3.chunk_frames", wrong)])


@pytest.mark.parametrize("said", ["true", "1", "yes", "on", "False", "0", "No", "off"])
def test_the_environment_says_yes_and_no_in_many_words(said):
    config = load(Path("/dev/null"), environ={"TTM_SAY_NORMALIZE": said})
    assert config.say.normalize is (said in ("true", "1", "yes", "on"))


def test_all_problems_are_told_at_once_in_their_order(file):
    file.write_text("[say]\nrate = 9\nvoise = 1\n[engine.espeak]\nword_gap = -1\n[sya]\nx = 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.sentence == f"4 settings are wrong in {file}"
    lines = [problem.split(":")[1] for problem in caught.value.problems]
    assert lines == ["2", "3", "5", "6"]
    assert "unknown table 'sya'; did you mean 'say'?" in caught.value.problems[-1]


def test_problems_of_the_environment_and_of_flags_name_them(file):
    file.write_text("[say]\nrate = 9\n")
    with pytest.raises(ConfigError) as caught:
        load(
            file,
            environ={"TTM_SAY_PITCH": "abc", "TTM_SAY_PAUSE": ""},
            overrides=[
                Assignment("say.rate", "NaN"),
                ("say.volume", math.nan),
                Assignment("say.voise", "x"),
                ("engine.crashes", True),
            ],
        )
    assert caught.value.sentence == "7 settings are wrong"
    told = "\n".join(caught.value.problems)
    assert f"{file}:2: say.rate: expected" in told
    assert 'TTM_SAY_PITCH: expected a number from -12 to 12 semitones, got "abc"' in told
    assert 'TTM_SAY_PAUSE: expected a whole number from 0 to 60000 ms, got ""' in told
    assert "--set say.rate: expected a factor from 0.25 to 4" in told
    assert "--volume: expected a number from -60 to 20 dB, got nan" in told
    assert "--set say.voise: unknown setting; did you mean 'say.voice'?" in told
    assert "--set engine.crashes: expected a whole number from 1 to 10000, got true" in told


def test_one_problem_is_the_sentence_itself(file):
    file.write_text("[say]\nrate = 9\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.sentence.startswith(f"{file}:2: say.rate: expected")
    assert caught.value.problems == ()


def test_a_section_that_is_no_table_and_a_value_that_is_one(file):
    assert "say: expected a table, got 1" in refusal(file, "say = 1")
    assert "say.rate: expected a factor" in refusal(file, "[say.rate]\nx = 1")
    assert "did you mean 'say.rate'?" in refusal(file, "rate = 1.2")
    assert "did you mean 'engine.espeak'?" in refusal(file, "[engine.espeek]\nx = 1")


def test_wrong_values_are_trimmed_and_shown_safely(file):
    said = refusal(file, '[say]\nformat = "a\\u001b]0;x\\n\\u202e' + "x" * 500 + '"\n')
    assert '"a\\u001b]0;x\\u000a\\u202e' in said
    assert said.isprintable()
    assert len(said) < len(str(file)) + 200
    said = refusal(file, f'"{"k" * 9000}\\u001b" = 1')
    assert said.isprintable()
    assert len(said) < len(str(file)) + 200


def test_a_file_of_a_newer_ttm_says_only_that(file):
    file.write_text("schema = 1\n[say]\nrate = 2\n")
    assert load(file).say.rate == "2"
    said = refusal(file, "schema = 3\n[brand.new]\nx = 1\n")
    assert "written by a newer ttm (schema 3). Update ttm" in said
    assert "new.x" not in said
    for wrong in ("0", "true", '"1"', "1.0"):
        assert "config.toml:1: schema: expected 1" in refusal(file, f"schema = {wrong}")


def test_a_lone_surrogate_is_refused_wherever_it_comes_from():
    with pytest.raises(ConfigError, match="TTM_SAY_VOICE: expected text"):
        load(Path("/dev/null"), environ={"TTM_SAY_VOICE": "a\udcff"})
    with pytest.raises(UsageError, match=r"--set say\.voice: expected text"):
        load(Path("/dev/null"), overrides=[assignment("say.voice=\ud800")])


def test_set_takes_a_key_an_equals_sign_and_anything():
    assert assignment(" say.voice = a=b") == Assignment("say.voice", " a=b")
    for wrong in ("say.voice", "=x", ""):
        with pytest.raises(UsageError, match="--set takes key=value"):
            assignment(wrong)


def test_a_key_can_be_found_by_its_unique_beginning():
    assert [each.key for each in match("say.rat")] == ["say.rate"]
    assert [each.key for each in match("engine.espeak.w")] == ["engine.espeak.word_gap"]
    assert len(match("engine.espeak")) == 4
    assert {each.key for each in match("engine.")} > {"engine.cancel", "engine.espeak.data"}
    with pytest.raises(UsageError, match=r"could be say\.pitch, say\.pause, say\.paragraph"):
        match("say.p")
    with pytest.raises(UnknownName, match=r"Did you mean 'say\.voice'"):
        match("say.voise")
    with pytest.raises(UnknownName):
        match("")


def test_the_settings_cannot_be_changed_in_place():
    config = load(Path("/dev/null"))
    with pytest.raises(AttributeError):
        config.say.rate = "2"  # type: ignore[misc]
    assert isinstance(config.origins, MappingProxyType)
    assert config.origins == {}


@settings(max_examples=60, deadline=None)
@given(st.text(), st.sampled_from(every_setting()))
def test_any_text_is_a_value_or_a_sentence(text, setting):
    try:
        config = load(Path("/dev/null"), overrides=[Assignment(setting.key, text)])
    except TtmError as failure:
        said = failure.sentence
    else:
        assert type(value(config, setting.key)) is setting.type
        return
    assert said.startswith(f"--set {setting.key}: expected ")
    assert said.isprintable()
