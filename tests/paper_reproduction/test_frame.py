import json
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from dynsharp import InputError
from paper_reproduction import runner
from paper_reproduction.claim import Check, Claim
from paper_reproduction.collection import CLAIMS, chosen
from paper_reproduction.results import write_page, write_table

MET, MISSED = Check("a < 1", "a = 0.5", True), Check("a | b", "a = 2", False)
LIMIT = replace(MISSED, required=False)


def claim(*checks: Check) -> Claim:
    figure, ax = plt.subplots()
    ax.plot([0, 1])
    data = {"line": xr.Dataset({"y": ("x", np.arange(2.0))})}
    return Claim("A line rises.", "nowhere", "Two points.", checks, figure, "A line.", data)


@pytest.fixture
def modules(monkeypatch):
    """Claims that are made here, and how often each was computed."""
    made: dict[str, list[bool]] = {}

    def module(name):
        key = next(k for k, v in CLAIMS.items() if v == name)

        def run(quick, data=None):
            made.setdefault(key, []).append(quick)
            if key == "uv.2":
                raise ZeroDivisionError("nothing to divide by")
            return claim(MET, LIMIT) if key == "uv.3" else claim(MET)

        return type("module", (), {"run": staticmethod(run)})

    monkeypatch.setattr(runner, "import_module", module)
    return made


def here(keys, output, **options):
    """Compute in this process: what is patched here is not patched elsewhere."""
    return {r["key"]: r for r in runner.compute(keys, output, jobs=1, **options)}


def test_outcome_is_that_of_the_checks():
    outcomes = {"holds": [MET], "holds in part": [MET, LIMIT], "fails": [MISSED, MET, LIMIT]}
    for outcome, checks in outcomes.items():
        c = claim(*checks)
        plt.close(c.figure)
        assert c.outcome == outcome


def test_keys_name_a_claim_or_a_paper():
    assert chosen() == list(CLAIMS)
    assert chosen(["uv.3", "uv.3"]) == ["uv.3"]
    assert set(chosen(["chain"])) == {k for k in CLAIMS if k.startswith("chain")}
    with pytest.raises(InputError, match=r"chain\.9.*one of uv"):
        chosen(["chain.9"])


def test_what_is_done_is_not_done_again(modules, tmp_path):
    first = here(["uv.1"], tmp_path, quick=True)
    again = here(["uv.1"], tmp_path, quick=True)
    assert modules["uv.1"] == [True]
    assert again == first
    here(["uv.1"], tmp_path, quick=False)  # other settings, another result
    here(["uv.1"], tmp_path, quick=False, fresh=True)
    (tmp_path / "uv.1.png").unlink()
    here(["uv.1"], tmp_path, quick=False)
    assert modules["uv.1"] == [True, False, False, False]


def test_results_depend_on_the_users_data(tmp_path):
    file = tmp_path / "data.npz"
    marks = {runner.fingerprint("chain.2", True)}
    for value in (1.0, 2.0):
        np.savez(file, X=np.full((2, 2), value))
        marks.add(runner.fingerprint("chain.2", True, file))
    assert len(marks) == 3


def test_an_error_in_one_claim_is_told_and_leaves_the_others(modules, tmp_path):
    records = here(["uv.1", "uv.2", "uv.3"], tmp_path, quick=True)
    assert [records[k]["outcome"] for k in sorted(records)] == ["holds", "error", "holds in part"]
    assert records["uv.2"]["status"] == "ZeroDivisionError: nothing to divide by"
    here(["uv.2"], tmp_path, quick=True)  # and it is tried again
    assert len(modules["uv.2"]) == 2


def test_figure_data_and_record_lie_side_by_side(modules, tmp_path):
    record = here(["uv.3"], tmp_path, quick=True)["uv.3"]
    assert json.loads((tmp_path / "uv.3.json").read_text("utf-8")) == record
    assert (tmp_path / record["figure"]).stat().st_size > 1000
    with xr.open_dataset(tmp_path / "uv.3.line.nc", engine="scipy") as back:
        np.testing.assert_array_equal(back["y"], [0, 1])
        assert back.attrs["settings"] == "Two points."


def test_table_and_page_hold_every_criterion(modules, tmp_path):
    records = list(here(["uv.3", "chain.1"], tmp_path / "figures", quick=True).values())
    write_table(records, tmp_path / "RESULTS.md", tmp_path / "figures")
    table = (tmp_path / "RESULTS.md").read_text("utf-8")
    page = write_page(records, tmp_path / "figures").read_text("utf-8")
    assert "**holds in part**" in table
    assert "(figures/uv.3.png)" in table
    assert r"a \| b" in table  # a bar would end the cell
    for text in ("a &lt; 1", "a = 0.5", "a | b", "data:image/png;base64"):
        assert text in page
    assert "Of 2 claims 1 hold, 1 in part, none fails." in page
