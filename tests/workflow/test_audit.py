"""The real `snakemake audit`: from conf/ alone, without a corpus and without any other stage."""

import os
import subprocess
import sys

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def snakemake(repository, folder):
    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(repository / "Snakefile")]
        command += ["--directory", str(folder), "--cores", "1", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=300)
        done.output = done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def audited(snakemake, folder):
    done = snakemake("audit")
    assert done.returncode == 0, done.output[-3000:]
    return folder / "results" / "reports" / "audit"


def test_the_findings_are_the_papers(audited):
    table = pd.read_csv(audited / "findings.csv").set_index(["kind", "group", "emotion", "column"]).sort_index()
    assert {"count", "possible", "impossible", "agreement", "disagreement", "claim"} <= set(table.index.unique("kind"))
    assert table.loc["impossible", "printed"].astype(float).to_dict() == {
        ("all", "sad", "fusion"): 58.63,
        ("all", "angry", "face"): 10.35,
        ("male", "angry", "face"): 10.35,
        ("female", "angry", "face"): 10.35,
    }
    counts = table.loc["count"].droplevel("column")
    assert counts.loc[("male", "neutral"), "clips"] == 20 and counts.loc[("female", "neutral"), "actors"] == 4
    # as a list of keys: some versions of pandas give a series for a single full key
    assert table.loc[[("agreement", "all", "neutral", "fusion")], "correct"].tolist() == [21]


def test_the_page_says_what_cannot_be_and_fetches_nothing(audited):
    page = (audited / "report.html").read_text(encoding="utf-8")
    assert "(11 + 24)/72 = 48.61\u00a0%" in page and "21/36" in page and "279/316 without sad" in page
    assert page.count("<small>impossible</small>") == 4
    assert not [word for word in ("http", "<script", "<link", "url(") if word in page]


def test_nothing_else_is_made_and_a_second_run_has_nothing_to_do(audited, snakemake, folder):
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["logs", "plans", "reports"]
    done = snakemake("audit", "--dry-run")
    assert done.returncode == 0 and "Nothing to be done" in done.output


def test_another_value_audits_again(audited, snakemake):
    done = snakemake("audit", "--dry-run", "--config", "override=published.table1.sad.fusion=48.61")
    assert done.returncode == 0 and "Job 0: Audit the published tables" in done.output, done.output[-3000:]


def test_without_published_tables_the_setting_is_named(audited, snakemake):
    done = snakemake("audit", "--config", "override=published=none")
    assert done.returncode != 0 and "published=none: there are no published tables" in done.output
    assert "Traceback" not in done.output
