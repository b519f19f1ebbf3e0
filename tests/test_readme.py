"""The README's examples run as they stand, and what their comments promise is what they print."""

import pathlib
import re

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_there_are_five_examples_and_two_commands():
    assert len(EXAMPLES) == 5
    commands = re.findall(r"^    (python3 -m venv .*)$", README.read_text("utf-8"), flags=re.M)
    assert len(commands) == 2


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=["thresholds", "route to chaos", "cascade", "branches", "a test"]
)
def test_example(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    exec(compile(example, str(README), "exec"), namespace)
    for test in [f for name, f in namespace.items() if name.startswith("test_")]:
        test()
    printed = capsys.readouterr().out
    for promised in re.findall(r"print\(.*\)  # (.*)$", example, flags=re.M):
        assert promised in printed
    for drawn in re.findall(r'"(\S+\.png)"', example):
        assert (tmp_path / drawn).stat().st_size > 10_000
