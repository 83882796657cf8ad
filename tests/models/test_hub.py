"""What a hub may answer, and what of it is believed; where the token goes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ttm.errors import DownloadFailed, InvalidModelId, UsageError
from ttm.models import hub as models_hub
from ttm.models.download import pull
from ttm.models.hub import Hub, Limits
from ttm.models.inventory import COMPLETE
from ttm.models.place import Place
from ttm.models.registry import hub_id

REPO = "Tiny/Voice"
BIG = "model.safetensors"


def test_another_part_than_was_asked_for_is_not_taken(hub, refused):
    hub.faults[BIG] = [hub.cut(50_000), hub.other_range]
    assert "sent another part of a file than was asked for" in refused()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (("status", 401), "answered 401: it shows Tiny/Voice to nobody without a token"),
        (("status", 403), "only to those who accepted its terms. Accept them at http://127"),
        (("status", 418), "answered 418"),
        (("status", 500), "answered 500: it cannot serve for the moment. Try again later"),
        (("status", 503), "answered 503"),
        (("status", 429, "60"), "answered 429: too many requests. Try again in 60 s"),
        (("hang",), "does not answer. Check the connection"),
        (("instead", b"<html>log in</html>"), "did not answer as a hub does. Check models.end"),
        (("instead", b"[]", "application/json"), "did not answer as a hub does"),
        (("instead", b"[" * 100_000, "application/json"), "did not answer as a hub does"),
        (("instead", b'{"sha": "../x", "siblings": []}', "application/json"), "names no commit"),
        (("instead", b"x" * ((8 << 20) + 1), "text/plain"), "lists more files than a model can"),
    ],
    ids=lambda one: "-".join(str(o)[:12] for o in one) if isinstance(one, tuple) else "",
)
def test_a_hub_that_refuses_or_is_none_is_told_apart(hub, store, fault, says, refused, state):  # B4
    name, *about = fault
    if name == "status" and len(about) > 1:
        hub.always["listing"] = hub.status(about[0], Retry_After=about[1])
    else:
        hub.always["listing"] = getattr(hub, name)(*about)
    said = refused(limits=Limits(connect=0.3, stall=0.3, retries=1))
    assert says in said
    assert not store.exists() or state() != COMPLETE


def test_a_model_or_a_revision_that_is_not_there_is_answered_with_its_name(hub, bring, refused):
    with pytest.raises(DownloadFailed, match="has no revision 'v9' of Tiny/Voice"):
        bring(revision="v9")  # B4
    hub.always["listing"] = hub.status(404, X_Error_Code="RepoNotFound")
    assert "has no model Tiny/Voice. Check the name" in refused()


def test_a_token_that_is_not_accepted_is_said_and_never_shown(hub, bring, refused):  # B4, B14
    hub.always["listing"] = hub.status(401)
    said = refused(token="hf_secret")
    assert "it does not accept HF_TOKEN" in said
    assert "hf_secret" not in said
    for token in ("a b", "a\r\nX-Evil: 1", "t\u00f6ken"):
        with pytest.raises(UsageError, match="HF_TOKEN holds characters") as failure:
            bring(token=token)
        assert token not in failure.value.sentence


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(hub, bring):  # B4
    hub.faults["listing"] = [hub.status(503), hub.status(429, Retry_After="1")]
    hub.faults[BIG] = [hub.status(500), hub.status(408)]
    waited: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ttm.models.hub.time.sleep", waited.append)
        bring(limits=Limits(connect=5, retries=2))
    assert 1.0 in waited


@pytest.mark.parametrize("fault", [("status", 503), ("status", 429), ("hang",)], ids=str)
def test_a_hub_that_never_serves_is_given_up_in_time(hub, fault, monkeypatch, refused):  # B4
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr("ttm.models.hub.BACKOFF", 0.5)
    monkeypatch.setattr("ttm.models.hub.time", clock)
    waited = []

    def answer(patience: Any, call: Callable[[], Any]) -> Any:
        if fault[0] == "hang":
            patience.waited(seconds := patience.left())
            waited.append(seconds)
            clock.sleep(seconds)
            raise TimeoutError
        return call()

    monkeypatch.setattr("ttm.models.hub._patiently", answer)
    hub.always["listing"] = getattr(hub, fault[0])(*fault[1:])
    refused(limits=Limits())
    assert 7 < clock.now <= Limits().connect == 15


def test_a_machine_that_slept_between_two_questions_goes_on(hub, bring, monkeypatch):
    slept = [0.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return time.monotonic() + slept[0]

        sleep = staticmethod(time.sleep)

    def after_a_minute(*about: Any) -> Any:
        slept[0] += 60.0
        return request(*about)

    request = models_hub._request
    monkeypatch.setattr("ttm.models.hub.time", Clock)
    monkeypatch.setattr("ttm.models.hub._request", after_a_minute)
    hub.faults["listing"] = [hub.status(503)]
    hub.faults[BIG] = [hub.cut(100_000)]
    assert bring(limits=Limits(retries=1)).fetched


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:1", "cannot reach 127.0.0.1:1: Connection refused"),
        ("http://nowhere.invalid", "cannot find nowhere.invalid: "),
        ("https://127.0.0.1:{port}", "cannot reach 127.0.0.1:"),
    ],
)
def test_a_network_that_is_not_there_is_said_with_the_other_way(store, hub, address, says):  # B4
    address = address.format(port=hub.server_address[1])
    with pytest.raises(DownloadFailed) as failure:
        pull(Place(store, REPO), Hub(address, limits=Limits(connect=2.0, retries=0)))
    assert says in failure.value.sentence
    assert "--from FOLDER" in failure.value.sentence


def test_a_download_that_stands_still_is_asked_for_again(hub, bring, asked):  # B4
    hub.faults[BIG] = [hub.hang(after=60_000)]
    brought = bring(limits=Limits(connect=5.0, stall=0.2, retries=1))
    assert (brought.folder / BIG).read_bytes() == hub.repos[REPO][BIG]
    assert asked() == [None, "bytes=60000-"]


def test_a_download_that_only_drips_ends_at_its_deadline(hub, store, refused):  # B4
    hub.always[BIG] = hub.slowly(100, 0.05)
    said = refused(limits=Limits(connect=5.0, stall=1.0, deadline=0.4))
    assert "the download took longer than 0.4 s. Run the same command again to go on" in said
    assert sum(part.stat().st_size for part in Place(store, REPO).parts.iterdir()) > 0


@pytest.mark.parametrize(
    "weights", ["pytorch_model.bin", "model.pt", "model.ckpt", "model.pth", "w.pkl", "w.npz"]
)
def test_pickled_weights_are_refused_and_not_fetched(hub, bring, weights, refused):  # B10
    files = hub.repos[REPO]
    hub.repos[REPO] = {weights: b"\x80\x04canary", "config.json": files["config.json"]}
    assert "refusing pickled weights, which can run code" in refused()
    assert hub.sent.keys() == {"listing"}
    hub.repos[REPO] = {weights: b"\x80\x04canary", **files}
    assert not (bring().folder / weights).exists()
    assert weights not in hub.sent


def test_a_repository_without_weights_or_configuration_is_no_model(hub, refused):
    hub.repos[REPO] = {"config.json": b"{}"}
    assert "holds no weights in the safetensors format" in refused()
    hub.repos[REPO] = {BIG: hub.tensors(10)}
    assert "has no config.json" in refused()


@pytest.mark.parametrize(
    "name",
    ["../../x", "/abs", "a/../b", "C:\\x", "x\n", "x/y\n", "a/" + "b" * 300, "%2e%2e/x", "-a/b",
     "Qwen/\u0421ustom", "a/b/c", "a/..", "a--b/c", "a/b--c", "", " ", "a/b ", "\x1b]0;x/y"],
    ids=repr,
)  # fmt: skip
def test_a_name_that_no_model_can_have_is_refused(name):  # B11
    with pytest.raises(InvalidModelId) as failure:
        hub_id(name)
    assert failure.value.exit_code == 2
    assert failure.value.sentence.startswith("invalid model id '")
    assert "\n" not in failure.value.sentence


@pytest.mark.parametrize(
    "name", ["../evil.json", "/etc/evil.json", "a/../../evil.json", ".hidden.json", "a\\b.json",
             "a\nb.json", "-x.json", "x" * 300 + ".json", "a/b/c/d/e/f.json"],
    ids=lambda name: repr(name)[:20],
)  # fmt: skip
def test_a_file_name_that_cannot_be_is_refused(hub, name, refused):  # B12
    hub.repos[REPO][name] = b"{}"
    assert "lists a file that cannot be: '" in refused()
    assert hub.sent.keys() == {"listing"}


def test_two_names_that_differ_in_case_are_refused(hub, refused):  # B12
    hub.repos[REPO]["Config.json"] = b"{}"
    assert "two files whose names differ in case: 'config.json'" in refused()


@pytest.mark.parametrize(
    "said", [{"size": -1}, {"size": "9"}, {"blobId": "../x"}, {"lfs": {"sha256": "x", "size": 2}}]
)
def test_a_hash_or_a_size_that_is_none_is_refused(hub, store, said, refused):  # B12
    hub.listed["vocab.json"] = said
    assert "did not answer as a hub does" in refused()
    assert not store.exists() or not list(store.glob("Tiny--Voice/*"))


def test_the_token_goes_to_the_hub_alone(hub, bring, mock_hub):  # B14
    hub.cdn = mock_hub(repos=hub.repos)
    bring(token="hf_secret")
    assert {token for _, _, token in hub.log} == {"Bearer hf_secret"}
    assert {token for _, _, token in hub.cdn.log} == {None}
    assert hub.cdn.sent[BIG] == len(hub.repos[REPO][BIG])


def test_a_token_is_not_sent_in_the_clear():  # B14
    assert Hub("http://hub.example", "hf_secret")._token == ""
    assert Hub("https://hub.example", "hf_secret")._token == "hf_secret"


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("file:///etc/passwd", "redirects to an address that is not safe (file)"),
        ("ftp://127.0.0.1/x", "not safe (ftp)"),
        ("http://127.0.0.1:99999/x", "not safe (http)"),
        ("http://[::1", "not safe (none)"),
        ("", "redirects more than 5 times"),
    ],
)
def test_redirects_lead_nowhere_else(hub, location, says, refused):  # B14
    hub.always[BIG] = hub.status(302, Location=location or "?again")
    assert says in refused()
    assert sum(path.endswith(("/" + BIG, "?again")) for path, _, _ in hub.log) <= 6


def test_https_is_not_left_for_http():  # B14
    from ttm.models.hub import _next

    assert _next("https://a/x", "/y", "a") == "https://a/y"
    with pytest.raises(DownloadFailed, match=r"not safe \(http\)"):
        _next("https://a/x", "http://b/y", "a")


def test_downloading_is_all_that_imports_the_network():
    code = (
        "import sys, ttm.cli.models, ttm.cli.say, ttm.models.store, ttm.models.inventory\n"
        "import ttm.narration.narrator\n"
        "print(*sorted({'socket', 'ssl', 'http.client', 'urllib.request'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    # The worker's wire is a socket pair.
    assert (done.stdout.split(), done.stderr) == (["socket"], "")


@pytest.mark.parametrize("address", ["ftp://a", "a.example", "http://", "http://a:x", "http://[a"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(UsageError, match="is no address of a hub"):
        Hub(address)


def test_what_was_waited_for_before_is_no_hub_s_delay(hub, store, monkeypatch):
    class Clock:
        passed = 0.0
        sleep = staticmethod(time.sleep)

        def monotonic(self) -> float:
            return time.monotonic() + self.passed

    monkeypatch.setattr("ttm.models.hub.time", clock := Clock())
    asked = Hub(hub.url, limits=Limits(connect=2.0, deadline=10.0, retries=0))
    clock.passed = 1_000.0
    assert pull(Place(store, REPO), asked).fetched
