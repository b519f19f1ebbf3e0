"""The command line: thin commands over the package; heavy rooms load when a command needs them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from dynsharp.errors import InputError
from dynsharp.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynsharp.map import DiscreteMap

__all__ = ["app", "main"]


class _OneLineErrors(TyperGroup):
    """Bad input ends in one line on standard error and a code that is not 0; Ctrl-C in 130."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            return _fail(str(error))
        except KeyboardInterrupt:
            return _fail("interrupted", code=130)

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the program."""
        standalone = options.get("standalone_mode", True)
        options["standalone_mode"] = False  # errors come here, to be said in one line
        try:
            code = super().main(*args, **options)
        except Exception as error:
            if not hasattr(error, "format_message"):  # not a usage error of the command line
                raise
            print(f"error: {_one_line(error.format_message())}", file=sys.stderr)
            code = getattr(error, "exit_code", 2)
        if standalone:
            sys.exit(code or 0)
        return code


app = typer.Typer(
    cls=_OneLineErrors,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Gradient descent, and any other map, as a discrete dynamical system. "
    "A SYSTEM is a name that `dynsharp systems` lists, or file.py:name for a map of your own.",
)

System = Annotated[str, typer.Argument(help="Catalogue name, or file.py:name.")]
Json = Annotated[bool, typer.Option("--json", help="Numbers as JSON on standard output.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Value of a parameter, b=0.3; repeatable.")
]
Start = Annotated[
    list[str] | None, typer.Option("--start", help="Starting value, F=0.4; repeatable.")
]

Parameter = Annotated[
    str | None, typer.Option(help="Parameter to follow; may be left out if there is only one.")
]
At = Annotated[float | None, typer.Option(help="Value of the parameter at --start.")]


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        print(__version__)
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command("systems")
def list_systems(as_json: Json = False) -> None:
    """List the systems of the catalogue."""
    from dynsharp.systems import catalogue

    rows = []
    for name, build in catalogue().items():
        m = build()
        about = (build.__doc__ or "").strip().splitlines()[0].removeprefix("Return ")
        rows.append(
            {
                "name": name,
                "state": [s.name for s in m.state],
                "parameters": [s.name for s in m.parameters],
                "about": about,
            }
        )
    if as_json:
        return _print_json(rows)
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("name", "state", "parameters", "about"):
        table.add_column(column)
    for row in rows:
        table.add_row(*(c if isinstance(c, str) else ", ".join(c) for c in row.values()))
    _console().print(table)
    print("\nchain-N and balanced-chain-N: depth N.  file.py:name: a DiscreteMap of your own.")


@app.command("derive")
def derive_(
    system: System,
    along: Annotated[
        list[str] | None,
        typer.Option(help="Parameter to find thresholds along; repeatable; default: all."),
    ] = None,
    fixed: Set = None,
    cycles: Annotated[
        bool, typer.Option(help="Find 2-cycles, in maps of up to two variables.")
    ] = True,
    manifolds: Annotated[bool, typer.Option(help="Find invariant manifolds and regions.")] = True,
    latex: Annotated[bool, typer.Option("--latex", help="A LaTeX fragment (amsmath).")] = False,
    as_json: Json = False,
) -> None:
    """Derive stability and thresholds exactly.

    Fixed points, multipliers, conditions of stability, thresholds along every parameter, invariant
    manifolds and regions, and in maps of up to two variables the 2-cycles.
    """
    from dynsharp.derive.derivation import derive
    from dynsharp.derive.machine import as_dict
    from dynsharp.derive.tables import as_latex, as_text, tables

    if latex and as_json:
        raise InputError("--latex", "both --latex and --json", "one of the two")
    m = _system(system, fixed)
    with _stages() as tell:
        d = derive(m, along, periods=(2,) if cycles else (), manifolds=manifolds, tell=tell)
        made = [] if as_json else tables(d)  # conditions are worked out when they are asked for
        numbers = as_dict(d) if as_json else {}
    if as_json:
        _print_json(numbers)
    elif latex:
        print(as_latex(made), end="")
    else:
        as_text(made, _console())
    if d.interrupted:
        _fail("interrupted: what was derived until then is shown", code=130)


@app.command("diagram")
def diagram_(
    system: System,
    sweep: Annotated[str, typer.Option(help="Parameter and values, rho=0.8:2:4000.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .png, .pdf or .svg file.")],
    fixed: Set = None,
    start: Start = None,
    transient: Annotated[int, typer.Option(help="Steps before any is kept.")] = 5000,
    keep: Annotated[int, typer.Option(help="Steps that are kept.")] = 256,
    exponent: Annotated[bool, typer.Option(help="Draw the Lyapunov exponent below.")] = True,
    variable: Annotated[str | None, typer.Option(help="What to draw; first of the state.")] = None,
    branches: Annotated[
        bool, typer.Option("--branches", help="Follow fixed points and cycles, stable or not.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Draw an orbit diagram with exact thresholds.

    Without --start the orbits begin next to a fixed point. --json adds the periods they settle on.
    --branches draws the branches of fixed points and cycles over it, from every fixed point in
    closed form through every flip and branch point.
    """
    from dynsharp.cli.arguments import parse_sweep
    from dynsharp.report.branches import diagram_as_dict
    from dynsharp.report.diagram import diagram

    swept = parse_sweep(sweep)
    m = _system(system, fixed, swept=swept.name)
    with _stages() as tell:
        numbers = diagram(
            m,
            swept.name,
            swept.values,
            _checked_output(output),
            start=_start(m, start),
            transient=transient,
            keep=keep,
            exponent=exponent,
            variable=variable,
            periods=as_json,
            branches=branches,
            tell=tell,
        )
    tree = numbers.pop("branches", None)
    if tree is not None and as_json:
        numbers["branches"] = diagram_as_dict(tree)
    _say(numbers, as_json)
    if tree is not None and not as_json:
        print(tree)
    if numbers["unfinished"]:
        _fail(f"interrupted: {numbers['unfinished']} orbits are missing in {output}", code=130)


@app.command("continue")
def continue_(
    system: System,
    span: Annotated[tuple[float, float], typer.Option(help="Least and greatest value.")],
    parameter: Parameter = None,
    doublings: Annotated[int, typer.Option(help="Doubled cycles to follow as well.")] = 0,
    fixed: Set = None,
    start: Start = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Follow a fixed point, with its bifurcations.

    Without --start it is one that is stable somewhere in the span.
    """
    from dynsharp.report.branches import branches, branches_as_dict

    m, name = _one_parameter(system, parameter, fixed)
    with _stages() as tell:
        tell("branches")
        found = branches(m, name, span, start=_start(m, start), at=at, doublings=doublings)
    if as_json:
        _print_json(branches_as_dict(found))
    else:
        print("\n".join(map(repr, found)))
    if not all(len(b.to_dataset()["point"]) for b in found):
        _fail(found[-1].status, code=1)


@app.command("cascade")
def cascade_(
    system: System,
    parameter: Parameter = None,
    doublings: Annotated[int, typer.Option(help="Number of flips.")] = 8,
    digits: Annotated[int, typer.Option(help="Significant digits.")] = 15,
    fixed: Set = None,
    start: Start = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Follow a period-doubling cascade to many digits.

    Without --start it begins before the first flip that has a closed form.
    """
    from dynsharp.report.branches import cascade_as_dict
    from dynsharp.report.branches import doublings as follow

    m, name = _one_parameter(system, parameter, fixed)
    with _stages() as tell:
        tell("cascade")
        found = follow(m, name, doublings, digits, start=_start(m, start), at=at)
    if as_json:
        _print_json(cascade_as_dict(found))
    else:
        print(found)
    if found.status != "complete":
        _fail(found.status, code=1)


@app.command("manifold")
def manifold_(
    system: System,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .png, .pdf or .svg file.")],
    fixed: Set = None,
    start: Start = None,
    number: Annotated[
        int | None, typer.Option("--manifold", help="Which one, as `derive` numbers them.")
    ] = None,
    iterations: Annotated[int, typer.Option(help="Number of steps of the orbit.")] = 200,
    as_json: Json = False,
) -> None:
    """Draw an orbit and an invariant manifold."""
    from dynsharp.cli.arguments import assignments
    from dynsharp.report.manifold import manifold

    m = _system(system, None)
    with _stages() as tell:
        numbers = manifold(
            m,
            assignments("--set", fixed or ()),
            _checked_output(output),
            start=_start(m, start),
            number=number,
            iterations=iterations,
            tell=tell,
        )
    _say(numbers, as_json)


@app.command("report")
def report_(
    data: Annotated[
        Path | None, typer.Option(help="A .npz file with X (samples x features) and y.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the figures and the page.")] = Path(
        "figures"
    ),
    seed: Annotated[int, typer.Option(help="Of every random start.")] = 0,
    as_json: Json = False,
) -> None:
    """Hold theory against simulation on one page.

    Derives, draws, simulates and compares, for UV and for the chain on real data. Writes the
    figures and report.html; exits with 1 if any comparison fails.
    """
    from dynsharp.report import report

    with _stages() as tell:
        result = report(data=data, output=output, seed=seed, tell=tell)
    if as_json:
        _print_json(result.numbers())
    else:
        result.print(_console())
    if result.interrupted:
        _fail(f"interrupted: what was done until then is in {result.page}", code=130)
    if not result.passed:
        failed = [r.name for r in result.rows if not r.passed]
        _fail(f"{len(failed)} of {len(result.rows)} rows fail: {'; '.join(failed)}", code=1)


# ---- shared ----------------------------------------------------------------------------------


def _system(text: str, fixed: list[str] | None, swept: str | None = None) -> DiscreteMap:
    """Return the system with the values of ``--set`` put in; all must have one in a sweep."""
    from dynsharp.cli.arguments import assignments, load_system

    m = load_system(text)
    values = assignments("--set", fixed or ())
    if swept is not None:
        m.parameter(swept)
        if swept in values:
            raise InputError("--set", swept, "parameters that are not swept")
        missing = [s.name for s in m.parameters if s.name not in (*values, swept)]
        if missing:
            wants = " ".join(f"--set {name}=VALUE" for name in missing)
            raise InputError("--set", f"no value for {', '.join(missing)} of {m.name}", wants)
    return m.substitute(values)


def _one_parameter(
    text: str, parameter: str | None, fixed: list[str] | None
) -> tuple[DiscreteMap, str]:
    """Return the system with all parameters but one put in, and the name of that one."""
    if parameter is None:
        left = [s.name for s in _system(text, fixed).parameters]
        if len(left) != 1:
            raise InputError("--parameter", "nothing", f"one of {', '.join(left) or 'none'}")
        parameter = left[0]
    return _system(text, fixed, swept=parameter), parameter


def _start(m: DiscreteMap, texts: list[str] | None) -> dict[str, float] | None:
    from dynsharp.cli.arguments import assignments

    if not texts:
        return None
    start = {name: float(v) for name, v in assignments("--start", texts).items()}
    for name in start:
        if name not in {s.name for s in m.state}:
            names = ", ".join(s.name for s in m.state)
            raise InputError("--start", repr(name), f"the state {names} of {m.name}")
    missing = [s.name for s in m.state if s.name not in start]
    if missing:
        raise InputError("--start", f"no value for {', '.join(missing)}", "one for each variable")
    return start


def _checked_output(path: Path) -> Path:
    """Refuse a file of another kind before anything is computed."""
    if path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError("--output", str(path), "a name that ends in .png, .pdf or .svg")
    return path


@contextmanager
def _stages() -> Iterator[Callable[..., None]]:
    """Show on a terminal which stage is running: ``tell(name, done, of)``, the numbers if known."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)

        def tell(stage: str, done: float | None = None, of: float | None = None) -> None:
            bar.update(task, description=stage, completed=done, total=of)

        yield tell


def _console() -> Any:
    """Return a console as wide as the terminal; a pipe or a file takes lines as they are."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=10_000)


def _say(numbers: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        _print_json(numbers)
        return
    for key, entry in numbers.items():
        for line in entry if isinstance(entry, list) else [entry]:
            text = (
                line
                if not isinstance(line, dict)
                else ", ".join(f"{k} {v}" for k, v in line.items() if v not in (None, ""))
            )
            print(f"{key:<22}{text}")


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fail(message: str, code: int = 2) -> Any:
    print(f"error: {_one_line(message)}", file=sys.stderr)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    app()
