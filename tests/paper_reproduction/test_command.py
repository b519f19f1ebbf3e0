"""``python -m paper_reproduction`` as a reader runs it."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from paper_reproduction.collection import CLAIMS, title

ROOT = pathlib.Path(__file__).parents[2]


def command(*words):
    return subprocess.run(
        [sys.executable, "-m", "paper_reproduction", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )


def test_an_unknown_claim_is_refused_by_name():
    run = command("--only", "uv.9")
    assert run.returncode == 2
    assert "uv.9" in run.stderr


def test_missing_data_is_refused_by_name(tmp_path):
    run = command("--only", "chain.2", "--data", tmp_path / "none.npz")
    assert run.returncode == 2
    assert "none.npz" in run.stderr


def test_the_table_that_is_kept_has_every_claim_and_its_figure():
    table = (ROOT / "paper_reproduction" / "RESULTS.md").read_text("utf-8")
    for key in CLAIMS:
        assert f"### {key} {title(key)}" in table
        assert f"(../figures/paper_reproduction/{key}.png)" in table
        assert (ROOT / "figures" / "paper_reproduction" / f"{key}.png").is_file()
    assert "**fails**" not in table


@pytest.mark.slow
def test_every_claim_is_computed_quickly_and_none_fails(tmp_path):
    run = command("--quick", "--output", tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    table = (tmp_path / "RESULTS.md").read_text("utf-8")
    page = (tmp_path / "paper_reproduction.html").read_text("utf-8")
    for key in CLAIMS:
        record = json.loads((tmp_path / f"{key}.json").read_text("utf-8"))
        assert record["outcome"] in ("holds", "holds in part"), record
        assert (tmp_path / record["figure"]).stat().st_size > 10_000
        assert all((tmp_path / name).stat().st_size for name in record["data"])
        assert f"### {key} " in table
        assert key in page
