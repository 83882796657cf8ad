"""`ttm models`, as a user types it: fetching, listing, checking, removing, proving."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

REPO = "Tiny/Voice"
BIG = "model.safetensors"


@pytest.fixture
def hub(mock_hub, monkeypatch) -> Any:
    """A hub with one model, which is the one that `ttm` asks."""
    found = mock_hub()
    found.repos[REPO] = found.checkpoint()
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    return found


@pytest.fixture
def store(home) -> Path:
    return home / ".local/share/ttm/models"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_model_comes_is_listed_checked_and_removed(here, hub, store):
    code, out, err = here("models", "pull", REPO)
    folder = store / "Tiny--Voice" / hub.commit(REPO)
    assert (code, out) == (0, "")
    assert err.startswith(f"{REPO} is here, verified (209.")
    assert err.endswith(f"), in {folder}\n")
    code, out, err = here("models", "pull", REPO)
    assert (code, out, err) == (0, "", f"{REPO} is here already, verified, in {folder}\n")
    code, out, _ = here("models", "list")
    (row,) = [line.split() for line in out.splitlines() if line.startswith(REPO)]
    assert row[1:5] == ["complete", "209.3", "kB", "never"]
    (told,) = [m for m in json.loads(here("models", "list", "--json")[1]) if m["name"] == REPO]
    assert (told["state"], told["available"], told["mode"]) == ("complete", True, "custom_voice")
    assert told["revision"] == hub.commit(REPO)
    assert json.loads(here("models", "info", REPO, "--json")[1]) == told
    code, out, _ = here("models", "verify", REPO)
    assert (code, out) == (0, f"{REPO}: 209.3 kB, every file is as it came\n")
    code, out, err = here("models", "rm", REPO)
    assert (code, out) == (0, "")
    assert err.startswith(f"removed {REPO}: 210.")
    assert err.endswith(" kB freed\n")
    assert not folder.parent.exists()
    code, _, err = here("models", "rm", REPO)
    assert (code, err) == (2, f"ttm: error: {REPO} is not in {store}. `ttm models list` shows what"
                              " is\n")  # fmt: skip


def test_a_file_that_rotted_is_found_and_alone_fetched_again(here, hub, store):
    here("models", "pull", REPO)
    path = store / "Tiny--Voice" / hub.commit(REPO) / BIG
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    code, out, err = here("models", "verify")
    assert (code, out) == (5, "")
    assert err == (
        f"ttm: error: {BIG} of {REPO} is not as it came. Fetch it again with `ttm models pull "
        f"{REPO}`\n"
    )
    code, out, _ = here("models", "verify", REPO, "--json")
    assert (code, "is here in part only" in json.loads(out)["error"]["message"]) == (5, True)
    hub.sent.clear()
    assert here("models", "pull", REPO)[0] == 0
    assert {name for name, count in hub.sent.items() if count} == {"listing", BIG}
    assert here("models", "verify", "--json")[0] == 0


def test_a_pull_tells_its_states_as_lines_of_json(here, hub):
    code, out, err = here("models", "pull", REPO, "--json")
    told = lines(out)
    assert (code, err) == (0, "")
    states = list(dict.fromkeys(each["state"] for each in told))
    assert states == ["checking", "validating", "downloading", "ready"]
    assert (told[-1]["ok"], told[-1]["fetched"]) == (True, told[-1]["size"])
    hub.always["listing"] = hub.status(403)
    code, out, err = here("models", "pull", REPO, "--update", "--json")
    assert (code, err.count("\n")) == (5, 1)
    (checking, failed) = lines(out)
    assert (checking["state"], failed["state"], failed["ok"]) == ("checking", "failed", False)
    assert failed["error"]["code"] == "download_failed"


def test_a_model_comes_from_a_folder_without_a_hub(here, tmp_path, mock_hub):
    for name, content in mock_hub().checkpoint().items():
        (path := tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert here("models", "pull", "qwen3", "--from", "mine")[0] == 0
    told = json.loads(here("models", "info", "qwen3", "--json")[1])
    assert (told["state"], told["source"]) == ("complete", "mine")
    code, _, err = here("models", "pull", "qwen3:1.7b", "--from", "mine")
    assert (code, "and qwen3:1.7b is one of 1.7B custom_voice" in err) == (2, True)
    code, _, err = here("models", "pull", "qwen3", "--from", "mine", "--update")
    assert (code, "--from takes what is in the folder" in err) == (2, True)


def test_the_models_without_one_being_here(here, store):
    code, out, _ = here("models", "list", "--json")
    told = json.loads(out)
    assert [each["name"] for each in told if each["mode"] == "custom_voice"] == [
        "qwen3:0.6b", "qwen3:1.7b"]  # fmt: skip
    assert {(each["state"], each["available"], each["folder"]) for each in told} == {
        ("absent", False, "")}  # fmt: skip
    code, out, _ = here("models", "info", "qwen3")
    assert "speaker    ryan (en, male: dynamic" in out
    assert code == 0
    assert here("models", "verify") == (0, "", "ttm has fetched no model yet\n")
    code, _, err = here("models", "verify", "qwen3")
    assert (code, "ttm did not bring Qwen/" in err) == (5, True)
    assert not store.exists()


@pytest.mark.parametrize("command", ["pull", "rm", "info", "verify"])
@pytest.mark.parametrize("name", ["../../x", "C:\\x", "x/y\n"])
def test_a_name_that_cannot_be_is_a_line_with_exit_code_2(here, store, command, name):
    code, out, err = here("models", command, name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("ttm: error: invalid model id '")
    assert not store.exists()


def test_nothing_is_kept_loaded_and_the_status_says_so(here):
    code, out, _ = here("models", "status", "--json")
    told = json.loads(out)
    assert (code, told["loaded"], told["loading"], told["ready"]) == (0, False, False, False)
    assert (told["worker_pid"], told["strict_load"]) == (None, True)
    assert told["detail"].startswith("no server runs, so no model is kept loaded")
    assert json.loads(here("models", "unload", "--json")[1]) == told
    assert here("models", "unload") == (0, "", told["detail"] + "\n")


def test_a_load_proves_that_a_model_loads_and_leaves_nothing_running(here):
    code, out, err = here("models", "load", "tone", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["model_id"], told["loaded"], told["ready"]) == ("tone", True, True)
    assert told["memory"] > 1 << 20
    assert not psutil.pid_exists(told["worker_pid"])


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("qwen3",), 5, "'qwen3' is not here. Fetch it with `ttm models pull qwen3:0.6b`"),
        (("--mode", "voice-clone"), 5, "`ttm models pull qwen3:0.6b-base`"),
        (("qwen3", "--mode", "voice_clone"), 2, "is for custom_voice, not for voice_clone"),
        (("qwen3", "--mode", "song"), 2, "unknown mode 'song'. Choose one of: voice_design"),
        (("tone", "--fallback", "some"), 2, "--fallback: expected none, mode or any"),
        (("broken",), 5, "engine 'broken' cannot start"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_what_does_not_load_is_a_line(here, plugins, words, code, says):
    found, out, err = here("models", "load", *words)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert says in err


def test_the_model_that_stands_in_is_the_first_that_can(here, monkeypatch, mock_hub, tmp_path):
    """None of these loads without weights, so the first failure is the one that is told."""
    for fallback in ("mode", "any"):
        code, _, err = here("models", "load", "qwen3", "--fallback", fallback)
        assert (code, "'qwen3' is not here" in err) == (5, True)
    monkeypatch.setenv("TTM_MODELS_FALLBACK", "any")
    assert json.loads(here("models", "status", "--json")[1])["strict_load"] is False
    monkeypatch.setenv("TTM_MODELS_STRICT", "true")
    assert json.loads(here("models", "status", "--json")[1])["strict_load"] is True


def test_no_control_character_of_a_hub_reaches_the_terminal(here, hub):
    hub.repos[REPO]["\x1b]0;x\x07.json"] = b"{}"
    code, _, err = here("models", "pull", REPO)
    assert (code, "\x1b" in err) == (5, False)
    assert "lists a file that cannot be: '\\x1b]0;x\\x07.json'" in err


def held_to_what_was_missing(here, begin, hub, store, kills: int, seed: int) -> None:
    """Kill pulls at random points until so many died; what the next one is sent is what was not
    there.

    How far a pull comes is what the hub counts, so that no clock decides anything.
    """
    chance = random.Random(seed)
    fetched = [len(c) for name, c in hub.repos[REPO].items() if name[-3:] not in (".md", ".py")]
    hub.always[BIG] = hub.slowly(1 << 13, 0.001)
    for number in range(1, kills + 1):
        until = sum(hub.sent.values()) + chance.randint(0, int(sum(fetched) / kills * 0.8))
        pulling = begin("models", "pull", REPO)
        while sum(hub.sent.values()) < until and pulling.poll() is None:
            time.sleep(0.0005)
        pulling.send_signal(signal.SIGKILL)
        assert pulling.wait() in (-signal.SIGKILL, 0), (number, pulling.stderr.read())
        (row,) = [m for m in json.loads(here("models", "list", "--json")[1]) if m["name"] == REPO
                  ] or [{"state": "absent"}]  # fmt: skip
        assert row["state"] in ("absent", "partial")
    hub.always.clear()
    while hub.busy:  # it may still be sending to one that is gone
        time.sleep(0.001)
    hub.sent.clear()
    there = sum(each.stat().st_size for each in store.rglob("*") if each.is_file())
    done = begin("models", "pull", REPO, "--json")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, err) == (0, b"")
    assert hub.sent.pop("listing") > 0
    missing = sum(fetched) - there
    assert (lines(out.decode())[-1]["fetched"], sum(hub.sent.values())) == (missing, missing)
    assert 0 < missing < sum(fetched)
    code, out, _ = here("models", "verify", REPO, "--json")
    assert (code, json.loads(out)["verified"]) == (0, [REPO])


def test_a_pull_that_was_killed_again_and_again_is_finished_by_the_next(here, begin, hub, store):
    hub.repos[REPO] = hub.checkpoint(3_000_000)
    held_to_what_was_missing(here, begin, hub, store, kills=3, seed=1)


@pytest.mark.slow
def test_a_pull_that_was_killed_at_twenty_points_is_finished_by_the_next(here, begin, hub, store):
    hub.repos[REPO] = hub.checkpoint(30_000_000)
    held_to_what_was_missing(here, begin, hub, store, kills=20, seed=2)


@pytest.mark.parametrize("count", [4, pytest.param(10, marks=pytest.mark.slow)])
def test_many_pulls_at_once_fetch_one_copy(begin, hub, count):
    hub.always[BIG] = hub.slowly(1 << 12, 0.03)
    running = [begin("models", "pull", REPO) for _ in range(count)]
    ends = [(*each.communicate(timeout=60), each.returncode) for each in running]
    assert {code for _, _, code in ends} == {0}
    said = [err.decode() for _, err, _ in ends]
    assert sum("is here, verified" in each for each in said) == 1
    assert sum("is here already, verified" in each for each in said) == count - 1
    assert sum("another ttm is fetching" in each for each in said) >= 1
    for name, content in hub.repos[REPO].items():
        assert hub.sent[name] == (0 if name[-3:] in (".md", ".py") else len(content))


def test_an_interrupted_pull_says_so_and_goes_on(here, begin, hub, eventually):
    hub.always[BIG] = hub.hang(after=100_000)
    pulling = begin("models", "pull", REPO)
    eventually(lambda: hub.sent[BIG] >= 100_000)
    pulling.send_signal(signal.SIGINT)
    assert (pulling.wait(20), pulling.stderr.read()) == (130, b"ttm: interrupted\n")
    hub.always.clear()
    assert here("models", "pull", REPO)[0] == 0
    assert hub.sent[BIG] <= len(hub.repos[REPO][BIG]) + (1 << 18)


def test_a_model_that_is_being_fetched_is_not_removed(here, begin, hub, store, eventually):
    hub.always[BIG] = hub.hang(after=100_000)
    begin("models", "pull", REPO)
    eventually(lambda: hub.sent[BIG] >= 100_000)
    code, _, err = here("models", "rm", REPO)
    assert (code, err) == (5, "ttm: error: another ttm is at work on Tiny/Voice. Try again when it"
                              " has ended\n")  # fmt: skip
    (row,) = [each for each in here("models", "list")[1].splitlines() if REPO in each]
    assert row.split()[1] == "partial"


@pytest.fixture
def terminal(begin):
    """Run `ttm` with a terminal for stdin and stderr, and type an answer when it asks."""

    def run(*words: str, types: bytes) -> tuple[int, bytes]:
        master, slave = pty.openpty()
        running = begin(*words, stdin=slave, stderr=slave)
        os.close(slave)
        seen, answered = b"", False
        while True:
            try:
                seen += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            if not answered and b"[y/N] " in seen:
                os.write(master, types)
                answered = True
        os.close(master)
        return running.wait(20), seen.replace(b"\r\n", b"\n")

    return run


def test_on_a_terminal_a_missing_model_is_offered(terminal, hub):
    words = ("say", "hi", "-m", REPO, "-o", "x.wav")
    code, seen = terminal(*words, types=b"\n")
    assert code == 5
    assert f"the checkpoint of model '{REPO}' is not here.\nFetch it now? [y/N] ".encode() in seen
    assert f"Fetch it with `ttm models pull {REPO}`\n".encode() in seen
    assert hub.log == []
    code, seen = terminal(*words, types=b"y\n")
    # It has come, and then it is found to hold no Qwen3-TTS.
    assert f"{REPO} is here, verified".encode() in seen
    assert (code, b"generation_config.json" in seen or b"config.json" in seen) == (5, True)


def test_progress_on_a_terminal_has_a_rate_and_the_time_left(terminal, hub):
    hub.always[BIG] = hub.slowly(1 << 14, 0.05)
    code, seen = terminal("models", "pull", REPO, types=b"")
    assert code == 0
    shown = [each for each in seen.decode().split("\r\x1b[K") if "/s" in each]
    assert shown, seen
    assert any(each.endswith(" left") for each in shown), shown
    assert any(each.startswith("Voice: ") and " of 209.3 kB, " in each for each in shown)
