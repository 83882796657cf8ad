"""The scripts around the code: what they promise on the command line, and copies in the README."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"

Search = Callable[..., list[str]]
Release = Callable[..., tuple[int, str]]

VERBS = [path for path in sorted(SCRIPTS.iterdir()) if path.is_file() and not path.suffix]
VERBS += [SCRIPTS / "search_repo.sh", ROOT / ".ci" / "run"]


def call(
    *command: str | Path,
    env: dict[str, str] | None = None,
    cwd: str | Path | None = None,
    stdin: int | IO[str] = subprocess.DEVNULL,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, cwd=cwd, stdin=stdin, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("script", VERBS, ids=lambda path: path.name)
def test_a_script_can_be_executed_and_parses(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith(("#!/bin/sh\n", "#!/usr/bin/env bash\n"))
    if script.read_text().splitlines()[1].startswith('"exec"'):  # to Python it is a string
        compile(script.read_text(), script.name, "exec")
    else:
        done = call("bash" if script.name == "run" else "sh", "-n", script)
        assert (done.returncode, done.stderr) == (0, "")


# ---- search_repo.sh


@pytest.fixture(params=["grep", "rg"])
def search(request: pytest.FixtureRequest, tmp_path: Path) -> Search:
    """Search a small repository with one of the two tools; the paths that were found."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", request.param):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    repository = tmp_path / "repository"
    for name in (
        "ttm/say.py", "ttm/models/store.py", ".github/ci.yml", ".venv/lib/x.py", "build/lib/say.py",
        "ttm/__pycache__/say.pyc", ".mypy_cache/x.json", "models/a.safetensors", "dist/x",
    ):  # fmt: skip
        file = repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("the needle is here\n--flag\n")
    (repository / "scripts").mkdir()
    script = Path(shutil.copy(SCRIPTS / "search_repo.sh", repository / "scripts"))

    def run(*arguments: str, code: int = 0) -> list[str]:
        done = call(script, *arguments, env={"PATH": str(tools)}, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        return sorted(os.path.normpath(line.split(":")[0]) for line in done.stdout.splitlines())

    return run


@pytest.mark.parametrize("arguments", [[], [""]])
def test_searching_for_nothing_is_a_usage_error(arguments: list[str]) -> None:
    done = call(SCRIPTS / "search_repo.sh", *arguments)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr == "usage: scripts/search_repo.sh <pattern> [path ...]\n"


def test_the_search_finds_source_and_passes_over_what_was_made(search: Search) -> None:
    assert search("the n[e]+dle") == [".github/ci.yml", "ttm/models/store.py", "ttm/say.py"]


def test_the_search_takes_paths_and_patterns_that_look_like_options(
    search: Search, tmp_path: Path
) -> None:
    folder = tmp_path / "repository" / "ttm"
    assert search("--flag", str(folder / "models")) == [str(folder / "models" / "store.py")]


def test_a_search_that_finds_nothing_ends_with_one(search: Search) -> None:
    assert search("no such thing", "repository/ttm", code=1) == []


# ---- release_check


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """release_check in a repository of version 1.2.3 whose origin is a folder beside it."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    repository = tmp_path / "ttm"
    (repository / "ttm").mkdir(parents=True)
    (repository / "ttm" / "__init__.py").write_text('"""Talk."""\n\n__version__ = "1.2.3"\n')
    (repository / "pyproject.toml").write_text('classifiers = ["Development Status :: 4 - Beta"]')
    (repository / "scripts").mkdir()
    shutil.copy(SCRIPTS / "release_check", repository / "scripts")
    for name in (
        "GIT_AUTHOR_NAME",
        "GIT_COMMITTER_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_EMAIL",
    ):
        monkeypatch.setenv(name, "tests")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(repository)
    call("git", "init", "--quiet", "--bare", tmp_path / "origin")
    call("git", "init", "--quiet")
    call("git", "remote", "add", "origin", tmp_path / "origin")
    call("git", "commit", "--quiet", "--allow-empty", "--message", "Begin")

    def run(*arguments: str) -> tuple[int, str]:
        done = call("scripts/release_check", *arguments)
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_release_holds_when_its_tag_was_pushed_and_it_is_marked(release: Release) -> None:
    call("git", "tag", "-a", "v1.2.3", "-m", "v1.2.3")
    code, said = release("v1.2.3", "--prerelease")
    assert code == 1
    assert "push it before the release" in said
    call("git", "push", "--quiet", "origin", "v1.2.3")
    code, said = release("v1.2.3", "--prerelease")
    assert (code, said.count("ok ")) == (0, 3), said


def test_a_tag_that_was_moved_after_the_push_is_found(release: Release) -> None:
    call("git", "tag", "-a", "v1.2.3", "-m", "first")
    call("git", "push", "--quiet", "origin", "v1.2.3")
    call("git", "tag", "-f", "-a", "v1.2.3", "-m", "second")
    code, said = release("v1.2.3")
    assert code == 1
    assert "another one" in said


@pytest.mark.parametrize(
    "tag", ["1.2.3", "v1.2", "v1.2.3-beta.1", "v1.2.3\nv1.2.3", "v1.2.30", "v1.2.4", "V1.2.3"]
)
def test_a_tag_of_another_form_or_version_does_not_hold(release: Release, tag: str) -> None:
    code, said = release("--offline", tag)
    assert code == 1
    assert said.startswith("wrong the tag ")


def test_an_origin_that_does_not_answer_is_not_taken_for_a_pushed_tag(
    release: Release, tmp_path: Path
) -> None:
    call("git", "tag", "v1.2.3")
    shutil.rmtree(tmp_path / "origin")
    assert release("v1.2.3")[0] == 1
    assert release("--offline", "v1.2.3")[0] == 0


def test_below_stable_a_release_is_a_prerelease(release: Release) -> None:
    assert release("--offline", "--final", "v1.2.3")[0] == 1
    Path("pyproject.toml").write_text('["Development Status :: 5 - Production/Stable"]')
    assert release("--offline", "--final", "v1.2.3")[0] == 0
    assert release("--offline", "--prerelease", "v1.2.3")[0] == 1


@pytest.mark.parametrize(
    "arguments",
    [[], [""], ["v1.2.3", "v1.2.3"], ["--often", "v1.2.3"], ["--final", "--prerelease"]],
)
def test_a_release_check_without_one_tag_is_a_usage_error(
    release: Release, arguments: list[str]
) -> None:
    code, said = release(*arguments)
    assert code == 2
    assert said.startswith("usage: ")


# ---- setup

FAKE_UV = """\
#!/bin/sh
echo "$*" >>"$UV_CALLS"
case $1 in
  venv) mkdir -p .venv/bin; ln -sf "$REAL_PYTHON" .venv/bin/python ;;
  pip)
    for word in $UV_FAILS; do echo "$word"; done
    [ -z "$UV_FAILS" ] || exit 1
    [ -z "$UV_DIES" ] || kill -KILL $PPID
    printf '#!/bin/sh\\ncat; echo "spoken: $*"\\n' >.venv/bin/ttm
    chmod +x .venv/bin/ttm
    ;;
esac
"""


class Clone:
    """A copy of the scripts and a pyproject.toml, with an installer that only notes its calls."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a clone"
        self.calls = folder / "calls"
        tools = folder / "tools"
        for path in (tools, self.root / "ttm", self.root / "tui"):
            path.mkdir(parents=True)
        shutil.copytree(SCRIPTS, self.root / "scripts")
        (self.root / "pyproject.toml").write_text("[project]\n")
        (tools / "uv").write_text(FAKE_UV)
        (tools / "uv").chmod(0o755)
        self.env = {
            "PATH": f"{tools}:/usr/bin:/bin",
            "PYTHON": sys.executable,
            "REAL_PYTHON": sys.executable,
            "UV_CALLS": str(self.calls),
        }

    def run(self, script: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return call(self.root / "scripts" / script, *arguments, env=self.env | more, cwd="/")

    def installs(self) -> list[str]:
        """What was installed, once for each time."""
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        return re.findall(r"--editable (\S+)", "\n".join(calls))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_say_installs_once_and_then_only_speaks(clone: Clone) -> None:
    first = clone.run("say", "Hello there", "-o", "hello.wav")
    assert (first.returncode, first.stdout) == (0, "spoken: say Hello there -o hello.wav\n")
    assert "making .venv" in first.stderr
    second = clone.run("say", "Hello again")
    assert (second.stdout, second.stderr) == ("spoken: say Hello again\n", "")
    assert clone.installs() == ["."]


def test_say_leaves_a_piped_text_to_ttm_even_while_it_installs(clone: Clone) -> None:
    with (clone.root / "text").open("w+") as text:
        text.write("piped text\n")
        text.seek(0)
        done = call(clone.root / "scripts" / "say", env=clone.env, stdin=text)
    assert done.stdout == "piped text\nspoken: say\n"


def test_say_works_through_a_link_from_elsewhere(clone: Clone, tmp_path: Path) -> None:
    link = tmp_path / "speak"
    link.symlink_to(clone.root / "scripts" / "say")
    assert call(link, "hi", env=clone.env).stdout == "spoken: say hi\n"


def test_what_the_tests_need_is_added_to_the_base_and_covers_it(clone: Clone) -> None:
    for wanted in ("base", "dev", "base", "dev"):
        assert clone.run("setup", wanted).returncode == 0
    assert clone.installs() == [".", ".[dev]"]


@pytest.mark.parametrize("file", ["pyproject.toml", "scripts/constraints.txt"])
def test_changed_requirements_are_installed(clone: Clone, file: str) -> None:
    clone.run("setup")
    with (clone.root / file).open("a") as requirements:
        requirements.write("# one more\n")
    clone.run("setup")
    clone.run("setup")
    assert clone.installs() == [".", "."]


def test_an_environment_that_was_moved_is_made_anew(clone: Clone, tmp_path: Path) -> None:
    clone.run("setup")
    clone.root = clone.root.rename(tmp_path / "elsewhere")
    assert "making .venv" in clone.run("setup").stderr
    assert clone.installs() == [".", "."]


def test_an_interrupted_install_is_redone_from_the_start(clone: Clone) -> None:
    assert clone.run("setup", UV_DIES="yes").returncode != 0
    leftover = clone.root / ".venv" / "half"
    leftover.touch()
    done = clone.run("setup")
    assert done.returncode == 0
    assert "making .venv" in done.stderr
    assert not leftover.exists()


def test_a_failed_install_ends_with_its_last_lines_and_one_sentence(clone: Clone) -> None:
    done = clone.run("say", "hi", UV_FAILS="no-such-host")
    *lines, sentence = done.stderr.splitlines()
    assert (done.returncode, done.stdout, lines[-1]) == (5, "", "no-such-host")
    assert sentence.startswith("ttm: error: uv could not install the packages")
    assert clone.run("setup").returncode == 0


def test_a_failure_before_anything_changed_keeps_the_environment(clone: Clone) -> None:
    clone.run("setup")
    kept = clone.root / ".venv" / "kept"
    kept.touch()
    (clone.root / "pyproject.toml").write_text("[project] # more\n")
    clone.run("setup", UV_FAILS="no-such-host")
    assert clone.run("setup").returncode == 0
    assert kept.exists()


def test_two_setups_at_once_install_once(clone: Clone) -> None:
    setups = [
        subprocess.Popen(
            [clone.root / "scripts" / "setup"], env=clone.env, stderr=subprocess.DEVNULL
        )
        for _ in range(3)
    ]
    assert [setup.wait(30) for setup in setups] == [0, 0, 0]
    assert clone.installs() == ["."]


def test_without_a_python_there_is_one_sentence(clone: Clone, tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    broken.chmod(0o755)
    done = clone.run("say", "hi", PYTHON=str(broken))
    assert (done.returncode, done.stdout) == (5, "")
    assert re.fullmatch(r"ttm: error: no Python 3\.11 or newer was found .*\n", done.stderr)


def test_a_python_without_venv_is_answered_with_the_package_to_install(
    clone: Clone, tmp_path: Path
) -> None:
    bare = tmp_path / "python3"
    refuse = 'case "$*" in *ensurepip*) exit 1 ;; esac'
    bare.write_text(f'#!/bin/sh\n{refuse}\nexec "{sys.executable}" "$@"\n')
    bare.chmod(0o755)
    (tmp_path / "tools" / "uv").unlink()
    done = clone.run("setup", PYTHON=str(bare))
    version = ".".join(map(str, sys.version_info[:2]))
    assert done.returncode == 5
    assert f"apt install python{version}-venv" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("script", ["bench_start", "bench_long"])
def test_a_benchmark_is_run_by_the_environment_that_setup_made(clone: Clone, script: str) -> None:
    missing = clone.run(script, "--help")
    assert missing.returncode == 127
    assert ".venv/bin/python" in missing.stderr
    clone.run("setup")
    packages = sysconfig.get_path("purelib")
    helped = clone.run(script, "--help", PYTHONPATH=packages, PYTHONDONTWRITEBYTECODE="1")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"usage: {script}")


def test_the_prose_of_the_benchmarks_is_always_the_same() -> None:
    prose = runpy.run_path(str(SCRIPTS / "bench_material.py"))["prose"]
    short, long = prose(1_000), prose(5_000)
    assert 1_000 <= len(short) < 2_500
    assert long.startswith(short)
    sentences = re.findall(r"[A-Z][^.?!]*[.?!]", long)
    assert all(8 <= len(sentence.split()) <= 20 for sentence in sentences)


# ---- copies


def test_ci_runs_the_command_that_the_readme_names_for_the_tests() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert any(line.split()[:1] == ["scripts/test"] for line in lines)
    assert re.search(r"^ *scripts/test\b", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_the_readme_names_no_command_that_ttm_does_not_have() -> None:
    helped = call(sys.executable, "-m", "ttm", "--help")
    assert helped.returncode == 0
    listed = set(re.findall(r"^[│|] (\w+)  +\S", helped.stdout, re.MULTILINE))
    assert "say" in listed
    readme = (ROOT / "README.md").read_text()
    code = re.findall(r"^ {4}(.*)$", readme, re.MULTILINE) + re.findall(r"`([^`\n]+)`", readme)
    named = set(re.findall(r"(?:^|[|;&] *)ttm ([a-z]+)\b", "\n".join(code), re.MULTILINE))
    assert named, "the README shows how ttm is used"
    assert named <= listed


def test_the_readme_names_no_script_that_is_not_there() -> None:
    for page in (ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md"):
        for name in re.findall(r"\b(scripts/\w[\w.]*\w)", page.read_text()):
            assert (ROOT / name).exists(), f"{page.name} names {name}"
