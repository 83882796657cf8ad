"""A model comes whole or not at all, whatever hubs, networks, disks and names do."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ttm.errors import DownloadFailed, InvalidModelId, UsageError
from ttm.models import download
from ttm.models.download import Brought, Coming, pull
from ttm.models.hub import Hub, Limits
from ttm.models.inventory import COMPLETE, PARTIAL, holding, verify
from ttm.models.place import Place
from ttm.models.registry import hub_id

REPO = "Tiny/Voice"
BIG = "model.safetensors"
QUICK = Limits(connect=1.0, stall=0.3, deadline=20.0, retries=1)


@pytest.fixture
def hub(mock_hub) -> Any:
    found = mock_hub()
    found.repos[REPO] = found.checkpoint()
    return found


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr("ttm.models.hub.BACKOFF", 0.001)


Bring = Callable[..., Brought]


@pytest.fixture
def bring(hub, store) -> Bring:
    def bring(limits: Limits = QUICK, token: str = "", **options: Any) -> Brought:
        return pull(Place(store, REPO), Hub(hub.url, token, limits), **options)

    return bring


def refused(bring: Bring, **options: Any) -> str:
    """The sentence of a pull that fails."""
    with pytest.raises(DownloadFailed) as failure:
        bring(**options)
    assert failure.value.exit_code == 5
    assert "\n" not in failure.value.sentence
    return failure.value.sentence


def asked(hub: Any) -> list[str | None]:
    """Which ranges of the large file were asked for."""
    there = f"/resolve/{hub.commit(REPO)}/{BIG}"
    return [ranged for path, ranged, _ in hub.log if path.endswith(there)]


def state(store: Path) -> str:
    return holding(REPO, store, store / "none").state


def test_every_file_comes_once_and_is_what_the_hub_lists(hub, store, bring):
    told: list[Coming] = []
    brought = bring(tell=told.append)
    kept = {p.relative_to(brought.folder).as_posix() for p in brought.folder.rglob("*.*")}
    assert kept == {name for name in hub.repos[REPO] if name not in ("README.md", "canary.py")}
    for file in brought.manifest.files:
        content = hub.repos[REPO][file.path]
        assert (brought.folder / file.path).read_bytes() == content
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert hub.sent[file.path] == file.size
    assert (state(store), brought.manifest.revision) == (COMPLETE, hub.commit(REPO))
    assert verify(store, REPO, lambda *_: None) == []
    states = [each.state for each in told]
    assert list(dict.fromkeys(states)) == ["checking", "validating", "downloading", "ready"]
    assert told[-1].done == told[-1].total == brought.manifest.size == brought.fetched
    assert max(each.rate for each in told) > 0


def test_a_model_that_is_here_is_left_alone_without_a_question(hub, bring):
    first = bring()
    hub.log.clear()
    assert bring().manifest == first.manifest
    assert bring(revision="main").fetched == 0
    assert bring(revision=first.manifest.revision[:12]).fetched == 0
    assert hub.log == []


@pytest.mark.parametrize("part", [0.25, 0.5, 0.99])  # B1
def test_what_was_cut_off_goes_on_where_it_ended(hub, store, bring, part):
    size = len(hub.repos[REPO][BIG])
    at = int(size * part)
    hub.always[BIG] = hub.cut(at)
    said = refused(bring)
    assert "download interrupted at " in said
    assert "Run the same command again to go on from there" in said
    assert state(store) == PARTIAL
    # Nothing new came with the second attempt, and that was one too many.
    assert asked(hub) == [None, f"bytes={at}-"]
    hub.always.clear()
    hub.sent.clear()
    brought = bring()
    assert (hub.sent[BIG], hub.sent["config.json"]) == (size - at, 0)
    assert brought.fetched == brought.manifest.size - at - len(hub.repos[REPO]["config.json"])
    assert verify(store, REPO, lambda *_: None) == []


def test_a_connection_that_breaks_again_and_again_brings_it_all_in_the_end(hub, bring):  # B1
    size = len(hub.repos[REPO][BIG])
    hub.faults[BIG] = [hub.cut(at) for at in range(20_000, size, 20_000)]
    brought = bring()
    assert hub.sent[BIG] == size
    assert (brought.folder / BIG).read_bytes() == hub.repos[REPO][BIG]


def test_a_hub_without_ranges_begins_anew_and_nothing_is_there_twice(hub, bring):  # B1
    hub.faults[BIG] = [hub.cut(50_000), hub.no_ranges]
    assert (bring().folder / BIG).read_bytes() == hub.repos[REPO][BIG]


def test_another_part_than_was_asked_for_is_not_taken(hub, bring):
    hub.faults[BIG] = [hub.cut(50_000), hub.other_range]
    assert "sent another part of a file than was asked for" in refused(bring)


def test_wrong_bytes_are_fetched_anew_once_and_never_kept(hub, store, bring):  # B2
    hub.faults[BIG] = [hub.wrong_bytes]
    assert (bring().folder / BIG).read_bytes() == hub.repos[REPO][BIG]
    assert hub.sent[BIG] == 2 * len(hub.repos[REPO][BIG])


def test_wrong_bytes_that_stay_wrong_are_refused_and_the_old_revision_serves(hub, store, bring):
    old = bring()  # B2
    hub.repos[REPO] = hub.checkpoint(seed=1)
    hub.always[BIG] = hub.wrong_bytes
    hub.sent.clear()
    said = refused(bring, update=True)
    right = hashlib.sha256(hub.repos[REPO][BIG]).hexdigest()
    assert f"checksum mismatch for {BIG} (expected {right[:12]}..., got " in said
    assert hub.sent[BIG] == 2 * len(hub.repos[REPO][BIG])
    assert not list(Place(store, REPO).parts.iterdir())
    assert (state(store), holding(REPO, store, store).folder) == (COMPLETE, old.folder)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (("instead", b"<!DOCTYPE html><p>Please log in"), "is a web page"),
        (("instead", b"<html>", "text/plain"), "is a web page"),
        (("instead", b"version https://git-lfs.github.com/spec/v1\noid ", "text/plain"), "pointer"),
        (("instead", b"Not found", "text/plain"), "is something of 9 bytes"),
    ],
    ids=["portal", "mislabelled", "pointer", "9 bytes"],
)
def test_what_is_no_checkpoint_is_named_for_what_it_is(hub, store, bring, fault, says):  # B3
    hub.always[BIG] = getattr(hub, fault[0])(*fault[1:])
    said = refused(bring)
    assert f"sent for {BIG} is " in said
    assert says in said
    assert "not a safetensors file. Check models.endpoint" in said
    assert not any(part.stat().st_size for part in Place(store, REPO).parts.iterdir())
    hub.always.clear()
    bring()


def test_more_or_less_than_was_listed_without_a_length_is_not_kept(hub, bring):
    hub.faults[BIG] = [hub.instead(hub.repos[REPO][BIG] + b"more", "x/y", sized=False)]
    assert f"sent too much for {BIG}" in refused(bring)
    hub.faults[BIG] = [hub.instead(hub.repos[REPO][BIG][:70_000], "x/y", sized=False)]
    assert bring().fetched


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
def test_a_hub_that_refuses_or_is_none_is_told_apart(hub, store, bring, fault, says):  # B4
    name, *about = fault
    if name == "status" and len(about) > 1:
        hub.always["listing"] = hub.status(about[0], Retry_After=about[1])
    else:
        hub.always["listing"] = getattr(hub, name)(*about)
    said = refused(bring, limits=Limits(connect=0.3, stall=0.3, retries=1))
    assert says in said
    assert not store.exists() or state(store) != COMPLETE


def test_a_model_or_a_revision_that_is_not_there_is_answered_with_its_name(hub, store, bring):
    with pytest.raises(DownloadFailed, match="has no revision 'v9' of Tiny/Voice"):
        bring(revision="v9")  # B4
    hub.always["listing"] = hub.status(404, X_Error_Code="RepoNotFound")
    assert "has no model Tiny/Voice. Check the name" in refused(bring)


def test_a_token_that_is_not_accepted_is_said_and_never_shown(hub, bring):  # B4, B14
    hub.always["listing"] = hub.status(401)
    said = refused(bring, token="hf_secret")
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
def test_a_hub_that_never_serves_is_given_up_within_its_time(hub, bring, fault, monkeypatch):  # B4
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

    def answer(seconds: float, call: Callable[[], Any]) -> Any:
        if fault[0] == "hang":
            waited.append(seconds)
            clock.sleep(seconds)
            raise TimeoutError
        return call()

    monkeypatch.setattr("ttm.models.hub._patiently", answer)
    hub.always["listing"] = getattr(hub, fault[0])(*fault[1:])
    refused(bring, limits=Limits())
    assert 7 < clock.now <= Limits().connect == 15


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


def test_a_download_that_stands_still_is_asked_for_again(hub, bring):  # B4
    hub.faults[BIG] = [hub.hang(after=60_000)]
    brought = bring(limits=Limits(connect=5.0, stall=0.2, retries=1))
    assert (brought.folder / BIG).read_bytes() == hub.repos[REPO][BIG]
    assert asked(hub) == [None, "bytes=60000-"]


def test_a_download_that_only_drips_ends_at_its_deadline(hub, store, bring):  # B4
    hub.always[BIG] = hub.slowly(100, 0.05)
    said = refused(bring, limits=Limits(connect=5.0, stall=1.0, deadline=0.4))
    assert "the download took longer than 0.4 s. Run the same command again to go on" in said
    assert sum(part.stat().st_size for part in Place(store, REPO).parts.iterdir()) > 0


def test_room_is_looked_for_before_anything_is_fetched(hub, store, bring, monkeypatch):  # B5
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage._replace(free=1_200_000))
    said = refused(bring)
    assert said.startswith("Tiny/Voice needs 209.")
    assert f"kB, and 1.2 MB are free in {store}. Make room there, or set models.dir" in said
    assert not hub.sent[BIG]


@pytest.fixture
def _small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_small_files")
def test_a_disk_that_is_full_half_way_ends_it_at_once(hub, store, bring):  # B5
    said = refused(bring)
    assert f"cannot write {store}" in said
    assert "File too large. A limit forbids files that large" in said
    assert asked(hub) == [None]
    assert state(store) == PARTIAL


def test_what_lay_there_already_is_not_fetched_again(hub, store, bring):  # B6
    first = bring()
    for file in first.manifest.files:
        (loose := store / "Tiny--Voice" / file.path).parent.mkdir(exist_ok=True)
        shutil.move(first.folder / file.path, loose)
    (store / "Tiny--Voice/manifest.json").unlink()
    hub.sent.clear()
    assert bring().fetched == 0
    assert hub.sent.keys() == {"listing"}
    assert not (store / "Tiny--Voice" / BIG).exists()
    (first.folder / BIG).write_bytes(b"x" * len(hub.repos[REPO][BIG]))
    assert verify(store, REPO, lambda *_: None) == [BIG]
    assert state(store) == PARTIAL
    assert bring().fetched == len(hub.repos[REPO][BIG])


@pytest.mark.parametrize(
    "weights", ["pytorch_model.bin", "model.pt", "model.ckpt", "model.pth", "w.pkl", "w.npz"]
)
def test_pickled_weights_are_refused_and_not_fetched(hub, store, bring, weights):  # B10
    files = hub.repos[REPO]
    hub.repos[REPO] = {weights: b"\x80\x04canary", "config.json": files["config.json"]}
    assert "refusing pickled weights, which can run code" in refused(bring)
    assert hub.sent.keys() == {"listing"}
    hub.repos[REPO] = {weights: b"\x80\x04canary", **files}
    assert not (bring().folder / weights).exists()
    assert weights not in hub.sent


def test_a_repository_without_weights_or_configuration_is_no_model(hub, bring):
    hub.repos[REPO] = {"config.json": b"{}"}
    assert "holds no weights in the safetensors format" in refused(bring)
    hub.repos[REPO] = {BIG: hub.tensors(10)}
    assert "has no config.json" in refused(bring)


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
def test_a_file_name_that_cannot_be_is_refused(hub, store, bring, name):  # B12
    hub.repos[REPO][name] = b"{}"
    assert "lists a file that cannot be: '" in refused(bring)
    assert hub.sent.keys() == {"listing"}


def test_two_names_that_differ_in_case_are_refused(hub, bring):  # B12
    hub.repos[REPO]["Config.json"] = b"{}"
    assert "two files whose names differ in case: 'config.json'" in refused(bring)


@pytest.mark.parametrize(
    "said", [{"size": -1}, {"size": "9"}, {"blobId": "../x"}, {"lfs": {"sha256": "x", "size": 2}}]
)
def test_a_hash_or_a_size_that_is_none_is_refused(hub, store, bring, said):  # B12
    hub.listed["vocab.json"] = said
    assert "did not answer as a hub does" in refused(bring)
    assert not store.exists() or not list(store.glob("Tiny--Voice/*"))


def test_no_link_leads_out_of_the_folder(hub, store, bring, tmp_path):  # B12
    (elsewhere := tmp_path / "elsewhere").mkdir()
    place = Place(store, REPO)
    folder = place.revision(hub.commit(REPO))
    folder.mkdir(parents=True)
    (folder / "speech_tokenizer").symlink_to(elsewhere)
    assert "is a link, which could lead out of ttm's folder. Remove it" in refused(bring)
    (folder / "speech_tokenizer").unlink()
    place.parts.mkdir(exist_ok=True)
    part = place.parts / hashlib.sha256(hub.repos[REPO][BIG]).hexdigest()
    part.symlink_to(elsewhere / "x")
    assert f"cannot write {part}: Too many levels of symbolic links" in refused(bring)
    part.unlink()
    (folder / BIG).symlink_to(elsewhere / "x")
    assert not (bring().folder / BIG).is_symlink()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "read-only"])
def test_a_store_that_cannot_be_written_is_named(hub, store, bring, kind, monkeypatch):  # B13
    if kind == "file":
        store.write_text("x")
        says = f"cannot write {store}/.locks: Not a directory. A part of its path is a file"
    else:
        says = f"cannot write {store}: Read-only file system. Choose a place"

        def refuse(*_: object, **__: object) -> None:
            raise OSError(30, "Read-only file system", str(store))

        monkeypatch.setattr(Path, "mkdir", refuse)
    assert says in refused(bring)


def test_the_token_goes_to_the_hub_alone(hub, bring, mock_hub):  # B14
    hub.cdn = mock_hub(repos=hub.repos)
    bring(token="hf_secret")
    assert {token for _, _, token in hub.log} == {"Bearer hf_secret"}
    assert {token for _, _, token in hub.cdn.log} == {None}
    assert hub.cdn.sent[BIG] == len(hub.repos[REPO][BIG])


def test_a_token_is_not_sent_in_the_clear(hub):  # B14
    assert Hub("http://hub.example", "hf_secret")._token == ""
    assert Hub("https://hub.example", "hf_secret")._token == "hf_secret"


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("file:///etc/passwd", "redirects to an address that is not safe (file:)"),
        ("ftp://127.0.0.1/x", "not safe (ftp:)"),
        ("", "redirects more than 5 times"),
    ],
)
def test_redirects_lead_nowhere_else(hub, bring, location, says):  # B14
    hub.always[BIG] = hub.status(302, Location=location or "?again")
    assert says in refused(bring)
    assert sum(path.endswith(("/" + BIG, "?again")) for path, _, _ in hub.log) <= 6


def test_https_is_not_left_for_http():  # B14
    from ttm.models.hub import _next

    assert _next("https://a/x", "/y", "a") == "https://a/y"
    with pytest.raises(DownloadFailed, match=r"not safe \(http:\)"):
        _next("https://a/x", "http://b/y", "a")


def test_a_revision_is_pinned_until_an_update_is_asked_for(hub, store, bring):  # B15
    old = bring()
    hub.repos[REPO] = hub.checkpoint(seed=1)
    hub.sent.clear()
    assert bring().manifest == old.manifest
    assert not hub.sent
    new = bring(update=True)
    assert new.manifest.revision == hub.commit(REPO) != old.manifest.revision
    # Only what differs came; the rest was there.
    assert hub.sent.keys() == {"listing", BIG}
    assert not old.folder.exists()
    assert bring(update=True).fetched == 0


def test_a_part_of_a_file_serves_a_newer_revision_that_has_the_same(hub, store, bring):
    hub.always[BIG] = hub.cut(100_000)
    refused(bring)
    hub.always.clear()
    hub.repos[REPO]["vocab.json"] = b'{"a": 1}'
    hub.sent.clear()
    bring()
    assert hub.sent[BIG] == len(hub.repos[REPO][BIG]) - 100_000


def test_a_manifest_that_was_tampered_with_is_none(hub, store, bring, tmp_path):
    path = store / "Tiny--Voice/manifest.json"
    good = json.loads((bring(), path.read_text())[1])
    (tmp_path / "x.json").write_text("{}")
    file = good["files"][0]
    for wrong in (
        {**good, "revision": "../.."},
        {**good, "files": []},
        {**good, "files": [{**file, "path": "../../../x.json", "size": 2}]},
        {**good, "files": [{**file, "size": -1}]},
        {**good, "files": [{**file, "sha256": "x"}]},
        {**good, "hub": 3},
        {**good, "more": 1},
        [],
    ):
        path.write_text(json.dumps(wrong))
        assert state(store) == PARTIAL
    path.write_text(json.dumps(good))
    assert state(store) == COMPLETE


def test_downloading_is_all_that_imports_the_network():
    import subprocess

    code = (
        "import sys, ttm.cli.models, ttm.cli.say, ttm.models.store, ttm.models.inventory\n"
        "import ttm.narration.narrator\n"
        "print(*sorted({'socket', 'ssl', 'http.client', 'urllib.request'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    # The worker's wire is a socket pair.
    assert (done.stdout.split(), done.stderr) == (["socket"], "")
