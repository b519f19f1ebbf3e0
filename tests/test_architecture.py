"""The floors of the house, read from ARCHITECTURE.md, against the syntax trees of dynsharp/."""

from __future__ import annotations

import ast
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from dynsharp.bifurcations import codim2, kinds

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "dynsharp"
FACE = "__init__"  # dynsharp/__init__.py, above all rooms
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", re.MULTILINE)

LONGEST, MEDIAN = 400, 150  # lines of a file
FOREIGN = {"_fields", "_prec"}  # public by the convention of their libraries

FLOORS = {room: int(floor) for floor, room, _ in ROW.findall(TEXT)}


@cache
def files(folder: Path = HOUSE) -> dict[str, Path]:
    """Every module below a folder by its dotted name, packages without ``__init__``."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def room(module: str) -> str:
    """``continuation`` for ``dynsharp.continuation.families.follow``."""
    return [*module.split("."), FACE][1].replace("__main__", "cli")


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Every module of dynsharp that a file imports, and the name it takes from it or ''.

    Anywhere in the file: in functions and for the type checker too. Relative imports are not used.
    """
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((a.name, "") for a in node.names if a.name.split(".")[0] == "dynsharp")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            if str(node.module).split(".")[0] != "dynsharp":
                continue
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner, "") if inner in files() else (str(node.module), alias.name)


def private(module: str, name: str) -> bool:
    """Whether a module or the name taken from it is its room's own affair."""
    return any(p.startswith("_") and not p.startswith("__") for p in [*module.split("."), name])


def across() -> Iterator[tuple[str, str, str]]:
    """Every import from one room to another: who, which module, which name."""
    for module, path in files().items():
        for target, name in imports(path):
            if room(target) != room(module):
                yield module, target, name


def test_every_room_is_on_one_floor_and_every_floor_has_its_rooms():
    rows = [name for _, name, _ in ROW.findall(TEXT)]
    assert len(rows) == len(set(rows))
    assert set(rows) == {room(module) for module in files()} - {FACE}


def test_what_is_named_in_the_text_exists():
    paths = re.findall(r"`(\w[\w/]*(?:/|\.py))`", TEXT)
    assert len(paths) > 20
    assert not [p for p in paths if not ((HOUSE / p).exists() or (ROOT / p).exists())]


def test_imports_point_down():
    upward = [
        (who, target)
        for who, target, _ in across()
        if room(who) != FACE and (room(target) == FACE or FLOORS[room(target)] >= FLOORS[room(who)])
    ]
    assert upward == []


def test_no_room_imports_what_is_private_to_another():
    assert not {(who, target, name) for who, target, name in across() if private(target, name)}


def test_no_room_reaches_into_what_another_keeps_private():
    kept = defaultdict(set)  # private names that a room defines
    reached = []
    for module, path in files().items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                kept[room(module)].add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                kept[room(module)].add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                kept[room(module)].add(node.attr)
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
                reached.append((module, node.attr, node.lineno))
    found = [r for r in reached if private(r[1], "") and r[1] not in kept[room(r[0])] | FOREIGN]
    assert not found


def test_numbers_do_not_ask_for_a_kind_by_name():
    """A kind answers itself: who compares its name has to be changed for every new one.

    The report and the command line tell of flips in particular.
    """
    names = {kind.name for kind in (*kinds(), *codim2.kinds())}
    asking = [
        (module, node.lineno)
        for module, path in files().items()
        if FLOORS["bifurcations"] < FLOORS.get(room(module), 0) < FLOORS["report"]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Compare)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and part.value in names
    ]
    assert not asking


@pytest.mark.parametrize("folder", ["analysis", "paper_reproduction"])
def test_scripts_import_only_what_is_public(folder):
    found = {
        (module, target, name)
        for module, path in files(ROOT / folder).items()
        for target, name in imports(path)
        if private(target, name)
    }
    assert not found


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_no_circle_inside_a_room(name):
    graph = defaultdict(set)
    for module, path in files().items():
        if room(module) == name:
            graph[module] |= {t for t, _ in imports(path) if room(t) == name and t != module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_files_are_short():
    lines = {module: len(path.read_text().splitlines()) for module, path in files().items()}
    long = {module: n for module, n in lines.items() if n > LONGEST}
    assert not long
    assert statistics.median(lines.values()) <= MEDIAN
