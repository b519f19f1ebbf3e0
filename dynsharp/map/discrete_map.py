"""A discrete dynamical system x' = F(x; p) in symbols: the one object of dynsharp."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, TypeAlias

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.expressions import checked_expression, names, tidy
from dynsharp.arguments import checked_count, checked_mapping
from dynsharp.errors import InputError
from dynsharp.map.coordinates import checked_values, graph, inverse_of
from dynsharp.map.symbols import checked_observables, checked_symbols, in_symbols
from dynsharp.map.tracing import trace
from dynsharp.results import plain

Name: TypeAlias = sp.Symbol | str


@dataclass(frozen=True, init=False, repr=False)
class DiscreteMap:
    """The map x' = F(x; p): state symbols, parameters, update expressions, domain. Immutable.

    Every analysis takes such a map and never changes it; the methods here return new maps.

    Parameters
    ----------
    update
        For each state symbol the expression of its next value, in state symbols and parameters.
        The order of the dictionary is the order of the state.
    parameters
        The symbols that stay constant under the map.
    name
        What results and figures call the map.
    domain
        Condition on state and parameters under which a state is meaningful, such as
        ``k >= 2*Abs(z + rho)``. It is expected to be forward invariant.
    observables
        Named scalar functions of the state that belong to the map, such as ``{"loss": ...}`` or
        ``{"sharpness": ...}``. Simulations can record them; coordinate changes carry them along.

    Raises
    ------
    InputError
        If the state is empty, a symbol is neither state nor parameter, a parameter is also a state
        or a value is not an expression.

    Examples
    --------
    >>> x, r = sp.symbols("x r", real=True)
    >>> logistic = DiscreteMap({x: r*x*(1 - x)}, parameters=[r], name="logistic")
    >>> logistic.jacobian
    Matrix([[-r*x + r*(1 - x)]])
    >>> logistic.iterate(2).expressions
    (r**2*x*(1 - x)*(-r*x*(1 - x) + 1),)
    """

    state: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    expressions: tuple[sp.Expr, ...]
    domain: Boolean
    name: str
    observables: Mapping[str, sp.Expr] = field(hash=False)

    def __init__(
        self,
        update: Mapping[sp.Symbol, Any],
        parameters: Iterable[sp.Symbol] = (),
        *,
        name: str = "map",
        domain: Any = sp.true,
        observables: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise InputError("name", repr(name), "a string")
        state, own = checked_symbols(update, parameters)
        observed = checked_observables(observables, state + own)
        for attribute, value in {
            "state": state,
            "parameters": own,
            "expressions": tuple(
                in_symbols(f"update[{s}]", e, sp.Expr, state, own) for s, e in update.items()
            ),
            "domain": in_symbols("domain", domain, Boolean, state, own),
            "name": name,
            "observables": MappingProxyType(
                {
                    key: in_symbols(f"observables[{key!r}]", e, sp.Expr, state, own)
                    for key, e in observed.items()
                }
            ),
        }.items():
            object.__setattr__(self, attribute, value)

    @classmethod
    def from_function(
        cls,
        function: Callable[..., Any],
        state: Sequence[str],
        parameters: Sequence[str] = (),
        **options: Any,
    ) -> DiscreteMap:
        """Trace a Python function that computes one step.

        The function is called once with symbolic arguments, by name. It may use arithmetic, NumPy's
        elementary functions and sympy's; it returns the new state, one value per state name.

        Raises
        ------
        InputError
            If its argument names are not those of state and parameters, if it returns a wrong
            number of values, or does what cannot be traced (branching on a value, ``math.sin``).

        Examples
        --------
        >>> m = DiscreteMap.from_function(lambda x, r: r*x*(1 - x), state=["x"], parameters=["r"])
        >>> m.expressions
        (r*x*(1 - x),)
        """
        symbols = {n: sp.Symbol(n, real=True) for n in (*state, *parameters)}
        values = trace(function, symbols)
        if len(values) != len(state):
            raise InputError("function", f"{len(values)} returned values", f"{len(state)}")
        update = {symbols[n]: value for n, value in zip(state, values, strict=True)}
        return cls(update, [symbols[n] for n in parameters], **options)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the map is made of: neither its read-only views nor its cached results."""
        parts = {"name": self.name, "domain": self.domain, "observables": dict(self.observables)}
        return partial(DiscreteMap, **parts), (self.update, self.parameters)

    # ---- asking ----------------------------------------------------------------------------

    @property
    def update(self) -> dict[sp.Symbol, sp.Expr]:
        """The update as a dictionary {state symbol: next value}."""
        return dict(zip(self.state, self.expressions, strict=True))

    @property
    def dimension(self) -> int:
        """Number of state variables."""
        return len(self.state)

    def symbol(self, name: Name, argument: str = "symbol") -> sp.Symbol:
        """Return the map's own symbol for a name or a symbol of that name.

        Raises
        ------
        InputError
            If the map has no such state variable or parameter.
        """
        for s in self.state + self.parameters:
            if s.name == str(name):
                return s
        raise InputError(
            argument,
            repr(str(name)),
            f"one of the state {names(self.state)} or the parameters {names(self.parameters)} "
            f"of {self.name}",
        )

    def parameter(self, name: Name, argument: str = "parameter") -> sp.Symbol:
        """Return the map's own symbol for a parameter, by name or symbol.

        Raises
        ------
        InputError
            If the map has no such parameter.
        """
        for s in self.parameters:
            if s.name == str(name):
                return s
        raise InputError(
            argument, repr(str(name)), f"a parameter of {self.name}: {names(self.parameters)}"
        )

    @cached_property
    def jacobian(self) -> sp.ImmutableMatrix:
        """Matrix of ∂F_i/∂x_j."""
        return sp.ImmutableMatrix(sp.Matrix(self.expressions).jacobian(self.state))

    @cached_property
    def determinant(self) -> sp.Expr:
        """Determinant of the Jacobian, factored."""
        return sp.factor(self.jacobian.det(method="berkowitz"))

    def is_polynomial(self) -> bool:
        """Whether every update expression is a polynomial in the state."""
        return all(e.is_polynomial(*self.state) for e in self.expressions)

    # ---- new maps from old -----------------------------------------------------------------

    def iterate(self, n: int) -> DiscreteMap:
        """Return the n-fold composition F∘...∘F, not expanded.

        Raises
        ------
        InputError
            If ``n`` is not a positive integer.
        """
        steps = checked_count("n", n)
        expressions = self.expressions
        for _ in range(steps - 1):
            step = dict(zip(self.state, expressions, strict=True))
            expressions = tuple(e.subs(step, simultaneous=True) for e in self.expressions)
        return self.rewritten(
            lambda e: e,
            dict(zip(self.state, expressions, strict=True)),
            name=self.name if steps == 1 else f"{self.name}^{n}",
        )

    def substitute(self, values: Mapping[Name, Any]) -> DiscreteMap:
        """Replace parameters by numbers or by expressions in other (also new) parameters.

        Raises
        ------
        InputError
            If a key is not a parameter, or a value is not a finite expression in parameters or
            contradicts what its parameter is assumed to be.
        """
        given = checked_mapping("values", values)
        rule = checked_values(
            {self.parameter(p, "values"): v for p, v in given.items()}, self.state
        )
        used = set().union(*(v.free_symbols for v in rule.values()))
        kept = [p for p in self.parameters if p not in rule or p in used]
        new = sorted(used - set(self.parameters), key=lambda s: s.name)
        return self.rewritten(
            lambda e: e.subs(rule, simultaneous=True), self.update, parameters=(*kept, *new)
        )

    def conjugate(
        self,
        coordinates: Mapping[sp.Symbol, Any],
        inverse: Mapping[Name, Any] | None = None,
        *,
        name: str | None = None,
    ) -> DiscreteMap:
        """Change coordinates: y = h(x), G = h∘F∘h⁻¹.

        Parameters
        ----------
        coordinates
            For each new state symbol its expression h in the old state (and parameters).
        inverse
            For each old state symbol its expression in the new ones; solved for if left out.
        name
            Name of the new map; the old one if left out.

        Raises
        ------
        InputError
            If the number of coordinates changes, or the inverse is not unique and not given, or
            the given one is not the inverse.
        """
        h = {
            y: checked_expression(f"coordinates[{y}]", e)
            for y, e in checked_mapping("coordinates", coordinates).items()
        }
        given = None
        if inverse is not None:
            given = {
                self.symbol(x, "inverse"): checked_expression(f"inverse[{x}]", e)
                for x, e in checked_mapping("inverse", inverse).items()
            }
        back = inverse_of(h, self.state, given)
        return self.rewritten(
            lambda e: tidy(e.subs(back, simultaneous=True)),
            {y: e.subs(self.update, simultaneous=True) for y, e in h.items()},
            name=name,
        )

    def restrict(
        self, equation: Any, eliminate: Name | None = None, *, name: str | None = None
    ) -> DiscreteMap:
        """Restrict to the invariant manifold ``equation == 0``.

        The equation is solved for one state variable, which leaves the state.

        Parameters
        ----------
        equation
            Expression in state and parameters that vanishes on the manifold, or a ``sympy.Eq``.
        eliminate
            The state variable to solve for; the last one that has a unique solution if left out.
        name
            Name of the reduced map.

        Raises
        ------
        InputError
            If the manifold is not invariant or cannot be solved uniquely for a variable.
        """
        if isinstance(equation, sp.Eq):
            equation = equation.lhs - equation.rhs
        m = checked_expression("equation", equation)
        order = self.state[::-1] if eliminate is None else [self.symbol(eliminate, "eliminate")]
        x, solution = graph(m, self.update, order)
        return self.rewritten(
            lambda e: tidy(e.subs(x, solution)),
            {s: e for s, e in self.update.items() if s != x},
            name=name or f"{self.name} on {sp.Eq(m, 0, evaluate=False).lhs} = 0",
        )

    def rewritten(
        self,
        rewrite: Callable[[Any], Any],
        update: Mapping[sp.Symbol, sp.Expr],
        *,
        parameters: Iterable[sp.Symbol] | None = None,
        name: str | None = None,
    ) -> DiscreteMap:
        """Return the map with that update, in which everything is rewritten alike.

        What is rewritten are the expressions of the update, the domain and the observables; name
        and parameters stay unless others are given.
        """
        return DiscreteMap(
            {s: rewrite(e) for s, e in update.items()},
            self.parameters if parameters is None else parameters,
            name=name or self.name,
            domain=self.domain if self.domain in (sp.true, sp.false) else rewrite(self.domain),
            observables={key: rewrite(e) for key, e in self.observables.items()},
        )

    # ---- showing ---------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return the map in types that JSON has: the expressions as text, which sympy reads."""
        names = ("name", "state", "parameters", "update", "domain", "observables")
        return {name: plain(getattr(self, name)) for name in names}

    def latex(self) -> str:
        """LaTeX of the update as an ``aligned`` block, one line per state variable."""
        lines = [f"{sp.latex(s)}' &= {sp.latex(e)}" for s, e in self.update.items()]
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"

    def __repr__(self) -> str:
        lines = [f"{self.name}: parameters {', '.join(map(str, self.parameters)) or 'none'}"]
        lines += [f"    {s}' = {e}" for s, e in self.update.items()]
        if self.domain != sp.true:
            lines.append(f"    on {self.domain}")
        return "\n".join(lines)
