"""`ttm runtime stage`: what is missing is made, beside what is there."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from ttm.runtime.pinned import NEEDED, digest, pins

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="builds of torch for Linux")


def status(here) -> dict:
    return json.loads(here("runtime", "status", "--json")[1])


def test_what_is_missing_is_shown_then_made_then_left_alone(here, base, told):
    code, shown, said = here("runtime", "stage", "--no-models")
    assert code == 0, said
    lines = said.splitlines()
    assert lines[0].startswith("device    cpu: any processor (as asked)")
    assert lines[3].startswith("size      about ")
    assert said.index("size") < said.index("installing the packages")
    assert "state     ready" in shown
    about = status(here)
    assert (about["ready"], about["serves"], about["pins"]) == (True, "runtime", digest())
    assert about["flavour"] == "cpu"
    assert {*about["packages"]} == {*NEEDED}
    assert about["python"].split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    assert about["installer"] == "uv 9.9.9"
    calls = len(told())
    code, _, said = here("runtime", "stage", "--no-models")
    assert (code, said.splitlines()) == (0, [f"the runtime in {base} is ready; nothing is missing"])
    assert len(told()) == calls


def test_nothing_of_the_user_s_python_reaches_the_installer(
    ttm, base, wheels, told, tmp_path, monkeypatch
):
    monkeypatch.delenv("UV_FIND_LINKS")
    (poison := tmp_path / "poison").mkdir()
    for name in (*NEEDED, "pip", "venv"):
        (poison / f"{name}.py").write_text("raise SystemExit('poison')")
    env = {
        "PYTHONPATH": str(poison),
        "PYTHONHOME": sys.base_prefix,
        "PYTHONUSERBASE": str(poison),
        "VIRTUAL_ENV": str(poison),
        "UV_CONSTRAINT": str(poison / "none.txt"),
        "PIP_FIND_LINKS": str(wheels),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    }
    done = ttm("runtime", "stage", "--no-models", env=env)
    assert done.returncode == 0, done.stderr
    arguments, seen = told()[-1]
    assert not {name for name in seen if name.startswith("PYTHON")} - {"PYTHONNOUSERSITE"}
    assert not {"VIRTUAL_ENV", "UV_CONSTRAINT"} & set(seen)
    assert (seen["UV_FIND_LINKS"], seen["PIP_FIND_LINKS"]) == (str(wheels), str(wheels))
    assert seen["UV_DEFAULT_INDEX"] == "http://127.0.0.1:9/simple"
    assert "--extra-index-url" not in arguments  # the user said where packages come from
    asked = [each.partition("==") for each in arguments if "==" in each]
    assert {name: version.partition("+")[0] for name, _, version in asked} == {
        name: pins()[name] for name in NEEDED
    }


@pytest.mark.parametrize(
    ("option", "kept"),
    [("--restage-runtime", True), ("--restage", False)],
    ids=["runtime", "all"],
)
def test_each_category_is_made_anew_when_asked(here, ready, option, kept):
    before = Path(status(here)["place"])
    (mark,) = before.glob("lib/python3*/site-packages/soxr.py")
    mark.write_text(mark.read_text() + " ")  # a size that no wheel has
    record = next(mark.parent.glob("soxr-*/RECORD"))
    record.write_text(record.read_text().replace(",0\n", ",1\n"))
    code, _, said = here("runtime", "stage", "--no-models", option)
    assert code == 0, said
    after = Path(status(here)["place"])
    assert after != before
    assert not before.exists()
    assert bool(next(after.glob("lib/python3*/site-packages/soxr.py")).read_text()) == kept


def gone(folder: Path) -> None:
    next(folder.glob("lib/python3*/site-packages/numba.py")).unlink()


def damaged(folder: Path) -> None:
    next(folder.glob("lib/python3*/site-packages/torch.py")).write_text("half")


def headless(folder: Path) -> None:
    (folder / "bin/python").unlink()


def junk(folder: Path) -> None:
    (folder / "ttm-runtime.json").write_text("{")


def other(folder: Path) -> None:
    file = folder / "ttm-runtime.json"
    file.write_text(file.read_text().replace(digest(), "0" * 64))


@pytest.mark.parametrize(
    ("harm", "condition", "named", "missing"),
    [
        (gone, "broken", "numba", ["packages"]),
        (damaged, "broken", "torch", ["packages"]),
        (headless, "broken", "Python", ["runtime", "packages"]),
        (junk, "broken", "not whole", ["runtime", "packages"]),
        (other, "outdated", "needs other packages", ["packages"]),
    ],
)
def test_what_is_wrong_is_named_and_alone_made_anew(here, ready, harm, condition, named, missing):
    harm(Path(status(here)["place"]))
    code, shown, _ = here("runtime", "status", "--json")
    about = json.loads(shown)
    assert (code, about["condition"], about["ready"]) == (5, condition, False)
    assert named in about["sentence"]
    _, _, said = here("runtime", "stage", "--dry-run")
    planned = dict(line.split(maxsplit=1) for line in said.splitlines()[1:])
    assert [part for part in ("runtime", "packages") if planned[part] != "there"] == missing


def test_what_is_damaged_is_mended_by_staging_again(here, ready):
    damaged(Path(status(here)["place"]))
    assert here("runtime", "stage", "--no-models")[0] == 0
    assert status(here)["ready"] is True


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--installer", "uv", "--restage"], "there is no wheel of numba"),
        (["--python", "python9"], "there is no Python 'python9'"),
        (["--python", "/bin/true", "--restage"], "/bin/true is no Python that starts"),
    ],
    ids=["wheel", "python", "no python"],
)
def test_what_fails_is_named_and_leaves_what_was_there(here, ready, wheels, options, named):
    before = status(here)
    next(wheels.glob("numba*")).unlink()
    code, _, said = here("runtime", "stage", "--no-models", *options)
    assert code == 5
    assert named in said.splitlines()[-1]
    assert status(here) == before
    assert len(list((ready / "environments").iterdir())) == 1


def test_packages_that_do_not_work_are_not_taken(here, ready, wheels, pack):
    before = status(here)
    pack(wheels, "tokenizers", pins()["tokenizers"], "import nothing_like_it")
    code, _, said = here("runtime", "stage", "--no-models", "--restage-packages")
    assert code == 5
    assert "tokenizers: ModuleNotFoundError: No module named 'nothing_like_it'" in said
    assert status(here) == before


@LINUX
def test_another_build_of_torch_than_asked_for_is_not_taken(here, ready, wheels):
    before = status(here)
    (wheel,) = wheels.glob("torch-*")
    wheel.rename(wheels / wheel.name.replace("+cpu", "+cu130"))
    code, shown, said = here("runtime", "stage", "--no-models", "--device", "cuda")
    assert code == 5
    assert f"torch {pins()['torch']}+cu130 was asked for, and torch {pins()['torch']}+cpu" in said
    assert shown == ""
    assert status(here) == before


def test_a_kill_in_the_middle_leaves_what_was_there(begin, here, ready, wheels, eventually, light):
    before = status(here)
    (wheels / "hang").touch()
    staging = begin("runtime", "stage", "--no-models", "--restage", env=light)
    eventually((wheels / "begun").exists)
    assert len(list((ready / "environments").iterdir())) == 2
    os.kill(staging.pid, signal.SIGKILL)
    assert staging.wait() == -signal.SIGKILL
    assert status(here) == before
    (wheels / "hang").unlink()
    assert here("runtime", "stage", "--no-models", "--restage-runtime")[0] == 0
    assert len(list((ready / "environments").iterdir())) == 1


def test_of_two_at_once_one_waits_and_finds_it_done(begin, here, base, wheels, told, eventually,
                                                    light):  # fmt: skip
    (wheels / "hang").touch()
    first = begin("runtime", "stage", "--no-models", env=light)
    eventually((wheels / "begun").exists)
    second = begin("runtime", "stage", "--no-models", env=light)
    assert second.stderr is not None
    assert second.stderr.readline() == b"waiting for another `ttm runtime stage`\n"
    first.kill()
    first.wait()
    (wheels / "hang").unlink()
    assert second.wait() == 0
    assert status(here)["ready"] is True


def test_pip_does_what_uv_does(here, base, wheels, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    code, _, said = here("runtime", "stage", "--no-models", "--installer", "pip")
    assert code == 0, said
    assert status(here)["installer"].startswith("pip ")


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        (["--device", "gpu"], 2, "--device: expected auto, cpu, cuda"),
        (["--installer", "conda"], 2, "--installer: expected auto, uv or pip"),
        (["--no-models", "--model", "qwen3"], 2, "--no-models goes with neither"),
        (["--dir", "/etc"], 2, "/etc is not empty, and holds no runtime of ttm"),
        (["--installer", "uv"], 5, "the installer uv was asked for and is not on PATH"),
    ],
)
def test_a_wrong_wish_is_answered_before_anything_is_made(
    here, base, monkeypatch, options, code, named
):
    monkeypatch.setenv("PATH", os.defpath)
    answered, _, said = here("runtime", "stage", *options)
    assert answered == code
    assert named in said.splitlines()[-1]
    assert not base.exists() or not list((base / "environments").iterdir())


def test_an_environment_that_has_it_all_serves_and_nothing_is_staged(here, tmp_path, monkeypatch):
    monkeypatch.setenv("TTM_RUNTIME_DIR", str(tmp_path / "runtime"))
    code, shown, said = here("runtime", "stage", "--no-models")
    assert code == 0
    assert "has what the neural engines need, and serves; nothing is staged" in said
    assert "serves    the environment of ttm" in shown
    assert here("runtime", "status")[0] == 0
    assert not (tmp_path / "runtime").exists()
