"""The examples for pre-commit, GitHub Actions, cron and Airflow: the guide quotes them, and what they run runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edi_check.telling.render import FORMATS

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
GUIDE = (ROOT / "docs" / "guides" / "neighbours.md").read_text("utf-8")
QUOTED = ("pre-commit-config.yaml", "github-actions.yml", "nightly-claims.sh", "airflow_claims.py")
GOOD = ROOT / "fixtures" / "files" / "pass" / "one-claim.837"
BAD = ROOT / "fixtures" / "demo" / "family.837"

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="shell examples")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "edi-check"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edi_check "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


@pytest.mark.parametrize("name", QUOTED)
def test_the_guide_quotes_the_example_as_it_is(name: str, request: pytest.FixtureRequest) -> None:
    text = (EXAMPLES / name).read_text("utf-8")
    quoted = rf"(\({re.escape('../examples/' + name)}\).*?^```\w+\n)(.*?)(^```$)"
    parts = re.split(quoted, GUIDE, maxsplit=1, flags=re.M | re.S)
    assert len(parts) == 5, f"docs/guides/neighbours.md doesn't name and quote {name}"
    if request.config.getoption("--rewrite-goldens"):
        path = ROOT / "docs" / "guides" / "neighbours.md"
        path.write_text(path.read_text("utf-8").replace(parts[2], text), "utf-8")
        return
    assert parts[2] == text, "pytest --rewrite-goldens tests/test_neighbours.py quotes it as it is now"


# cron


@pytest.mark.parametrize(("files", "code", "mail"), [
    ((GOOD,), 0, ""), ((GOOD, BAD), 1, "Claims would be rejected"), ((), 3, "could not be checked"),
])
def test_the_nightly_job_mails_only_what_matters(files: tuple[Path, ...], code: int, mail: str, folder: Path) -> None:
    (folder / "claims").mkdir()
    for file in files:
        shutil.copy(file, folder / "claims")
    done = ran("sh", str(EXAMPLES / "nightly-claims.sh"), "claims", "reports")
    told = [line for line in done.stdout.splitlines() if line]
    assert done.returncode == code, done.stdout
    assert (not told) if not mail else any(mail in line for line in told), done.stdout
    assert sorted(p.suffix for p in (folder / "reports").iterdir()) == [".html", ".json"]
    for value in ("ROE", "CLM*", "DEMO-2"):
        assert value not in done.stdout


def test_the_nightly_job_says_when_it_was_called_wrongly(folder: Path) -> None:
    done = ran("sh", str(EXAMPLES / "nightly-claims.sh"), "no-such-folder", "reports")
    assert done.returncode == 2 and "called wrongly" in done.stdout


# pre-commit


def hooks() -> list[dict[str, str]]:
    yaml = pytest.importorskip("yaml", reason="pip install -e '.[docs]'")
    return list(yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")))


def test_the_hooks_take_the_right_files_and_run(folder: Path) -> None:
    pack = EXAMPLES / "wheatland.toml"
    for hook, taken, left, good, bad in zip(
        hooks(),
        (["a/b.837", "B.EDI", "x.x12", "y.837p", "z.837.gz"], ["rules/packs/acme.toml", "packs/a.toml"]),
        (["a.txt", "837.py", "b.999"], ["pyproject.toml", "packs/readme.md"]),
        (GOOD, pack), (BAD, ROOT / "setup.cfg"), strict=True,
    ):
        assert all(re.search(hook["files"], name) for name in taken)
        assert not any(re.search(hook["files"], name) for name in left)
        assert ran(*hook["entry"].split(), str(good)).returncode == 0
        assert ran(*hook["entry"].split(), str(good), str(bad)).returncode in (1, 2)


def test_pre_commit_itself_stops_a_commit(folder: Path) -> None:
    """With pre-commit's own program, in a repository of its own; the hook is installed from this folder, by pip."""
    pytest.importorskip("pre_commit", reason="pip install -e '.[docs]'")
    source, home = folder / "source", folder / "home"
    home.mkdir()
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(
        ".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis", "tests", "out"))
    env = {**os.environ, "HOME": str(home), "PRE_COMMIT_HOME": str(home / "cache"), "GIT_CONFIG_NOSYSTEM": "1",
           **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
    env.pop("PYTHONPATH")

    def git(*words: str, at: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *words], cwd=at, env=env, text=True, capture_output=True, check=False)

    for at in (source, folder / "ours"):
        at.mkdir(exist_ok=True)
        git("init", "-q", at=at)
    git("add", "-A", at=source)
    assert git("commit", "-qm", "all", at=source).returncode == 0
    ours, commit = folder / "ours", git("rev-parse", "HEAD", at=source).stdout.strip()
    config = (EXAMPLES / "pre-commit-config.yaml").read_text("utf-8")
    (ours / ".pre-commit-config.yaml").write_text(
        config.replace("URL-OF-THIS-REPOSITORY", str(source)).replace("TAG-OR-COMMIT", commit))
    subprocess.run([sys.executable, "-m", "pre_commit", "install"], cwd=ours, env=env, check=True, capture_output=True)
    shutil.copy(GOOD, ours / "good.837")
    (ours / "tests" / "refused").mkdir(parents=True)
    shutil.copy(BAD, ours / "tests" / "refused" / "family.837")
    git("add", "-A", at=ours)
    done = git("commit", "-qm", "good claims", at=ours)
    assert done.returncode == 0, done.stderr + done.stdout
    shutil.copy(BAD, ours / "bad.837")
    git("add", "-A", at=ours)
    done = git("commit", "-qm", "bad claims", at=ours)
    assert done.returncode == 1 and "CORE-BAL-01" in done.stdout + done.stderr
    assert git("log", "--oneline", at=ours).stdout.count("\n") == 1


# GitHub Actions


def test_the_workflow_runs_what_it_says(folder: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="pip install -e '.[docs]'")
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text("utf-8"))
    steps = workflow["jobs"]["edi-check"]["steps"]
    command = next(step["run"] for step in steps if step.get("name") == "Judge the claim files")
    if not {"sarif", "junit"} <= set(FORMATS):
        pytest.skip("sarif and junit are not there yet")
    pytest.importorskip("junitparser")
    (folder / "claims").mkdir()
    shutil.copy(BAD, folder / "claims")
    done = subprocess.run(["bash", "-e", "-c", command], env={**os.environ, "GITHUB_STEP_SUMMARY": "summary.md"},
                          text=True, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "CORE-BAL-01" in (folder / "summary.md").read_text("utf-8")
    assert (folder / "edi-check.sarif").is_file() and (folder / "edi-check.xml").is_file()


# Airflow


def test_the_dag(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Airflow: only that it is Python, and names options that exist (test_docs.py tries those of the guide)."""
    source = (EXAMPLES / "airflow_claims.py").read_text("utf-8")
    compile(source, "airflow_claims.py", "exec")
    from edi_check.cli.main import cli

    command = cli.get_command(None, "check")  # type: ignore[arg-type]
    assert command
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r'"(--[a-z-]+)"', source)) <= known
    pytest.importorskip("airflow", reason="Airflow is large; it was tried by hand with 3.3")
    monkeypatch.setenv("AIRFLOW_HOME", str(folder))
    from airflow.models import DagBag

    bag = DagBag(str(EXAMPLES / "airflow_claims.py"), include_examples=False)
    assert not bag.import_errors and set(bag.dags["claims"].task_ids) == {
        "judge", "send_accepted", "ask_for_corrections"}
