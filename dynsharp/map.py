"""A discrete dynamical system x' = F(x; p) in symbols: the one object of dynsharp."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, TypeAlias

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp._tracing import trace
from dynsharp.algebra.expressions import checked_expression, names, tidy
from dynsharp.arguments import checked_count, checked_mapping
from dynsharp.errors import InputError
from dynsharp.results import plain

__all__ = ["DiscreteMap"]

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
        if not isinstance(update, Mapping) or not update:
            raise InputError("update", update, "a non-empty dictionary {state symbol: expression}")
        if not isinstance(name, str):
            raise InputError("name", repr(name), "a string")
        state, parameters = tuple(update), _sequence("parameters", parameters)
        for argument, symbols in (("update", state), ("parameters", parameters)):
            for s in symbols:
                if not isinstance(s, sp.Symbol):
                    raise InputError(argument, repr(s), "sympy symbols")
        taken = [s.name for s in state + parameters]
        for s in parameters:
            if taken.count(s.name) > 1:
                role = "both state and parameter" if s.name in map(str, state) else "there twice"
                raise InputError("parameters", f"{s}, which is {role}", "every symbol once")
        if len(set(taken)) < len(taken):
            raise InputError("update", f"the state {names(state)}", "every name once")
        observables = {} if observables is None else observables
        for key in checked_mapping("observables", observables, "a dictionary {name: expression}"):
            if not isinstance(key, str) or key in taken:
                raise InputError("observables", repr(key), "names that no symbol of the map has")

        expressions = tuple(
            _checked(f"update[{s}]", e, sp.Expr, state, parameters) for s, e in update.items()
        )
        observed = {
            key: _checked(f"observables[{key!r}]", e, sp.Expr, state, parameters)
            for key, e in observables.items()
        }
        for attribute, value in {
            "state": state,
            "parameters": parameters,
            "expressions": expressions,
            "domain": _checked("domain", domain, Boolean, state, parameters),
            "name": name,
            "observables": MappingProxyType(observed),
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
        return self._with(expressions, name=self.name if steps == 1 else f"{self.name}^{n}")

    def substitute(self, values: Mapping[Name, Any]) -> DiscreteMap:
        """Replace parameters by numbers or by expressions in other (also new) parameters.

        Raises
        ------
        InputError
            If a key is not a parameter, or a value is not a finite expression in parameters or
            contradicts what its parameter is assumed to be.
        """
        rule = {
            self.parameter(p, "values"): checked_expression(f"values[{p}]", v)
            for p, v in checked_mapping("values", values).items()
        }
        for p, v in rule.items():
            if v.free_symbols & set(self.state):
                raise InputError(f"values[{p}]", v, "an expression without the state")
            for assumption in ("positive", "nonnegative", "nonzero", "integer"):
                if getattr(p, f"is_{assumption}") and getattr(v, f"is_{assumption}") is False:
                    raise InputError(f"values[{p}]", v, f"a {assumption} number")
        new = sorted(
            set().union(*(v.free_symbols for v in rule.values())) - set(self.parameters),
            key=lambda s: s.name,
        )
        used = set().union(*(v.free_symbols for v in rule.values()))
        kept = [p for p in self.parameters if p not in rule or p in used]
        return self._through(
            lambda e: e.subs(rule, simultaneous=True), self.state, (*kept, *new), self.expressions
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
        if len(h) != self.dimension:
            raise InputError("coordinates", f"{len(h)} of them", f"{self.dimension}")
        if inverse is None:
            solutions = []
            with contextlib.suppress(NotImplementedError):
                solutions = sp.solve([e - y for y, e in h.items()], self.state, dict=True)
            if len(solutions) != 1 or set(solutions[0]) != set(self.state):
                raise InputError(
                    "coordinates",
                    f"{h}, for which {len(solutions)} inverses were found",
                    "exactly one; pass inverse= to choose",
                )
            back = solutions[0]
        else:
            back = {
                self.symbol(x, "inverse"): checked_expression(f"inverse[{x}]", e)
                for x, e in checked_mapping("inverse", inverse).items()
            }
        for y, e in h.items():
            if sp.simplify(e.subs(back, simultaneous=True) - y) != 0:
                argument = "coordinates" if inverse is None else "inverse"
                raise InputError(argument, back, f"h⁻¹ of h = {h}, but {y} does not come back")
        new = tuple(e.subs(self.update, simultaneous=True) for e in h.values())
        return self._through(
            lambda e: tidy(e.subs(back, simultaneous=True)), tuple(h), self.parameters, new, name
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
        solved = [(x, sp.solve(m, x)) for x in order if m.has(x)]
        unique = [(x, solutions[0]) for x, solutions in solved if len(solutions) == 1]
        if not unique or self.dimension == 1:
            raise InputError(
                "equation", m, "an equation with one solution for a variable, and one left over"
            )
        x, graph = unique[0]
        defect = sp.simplify(m.subs(self.update, simultaneous=True).subs(x, graph))
        if defect != 0:
            raise InputError("equation", m, f"an invariant manifold; a step leaves it by {defect}")
        kept = tuple(s for s in self.state if s != x)
        return self._through(
            lambda e: tidy(e.subs(x, graph)),
            kept,
            self.parameters,
            tuple(self.update[s] for s in kept),
            name or f"{self.name} on {sp.Eq(m, 0, evaluate=False).lhs} = 0",
        )

    def _with(self, expressions: Sequence[sp.Expr], name: str) -> DiscreteMap:
        return DiscreteMap(
            dict(zip(self.state, expressions, strict=True)),
            self.parameters,
            name=name,
            domain=self.domain,
            observables=self.observables,
        )

    def _through(
        self,
        rewrite: Callable[[Any], Any],
        state: tuple[sp.Symbol, ...],
        parameters: Iterable[sp.Symbol],
        expressions: Sequence[sp.Expr],
        name: str | None = None,
    ) -> DiscreteMap:
        """Rewrite updates, domain and observables alike."""
        domain = self.domain
        return DiscreteMap(
            {s: rewrite(e) for s, e in zip(state, expressions, strict=True)},
            parameters,
            name=name or self.name,
            domain=domain if domain in (sp.true, sp.false) else rewrite(domain),
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


def _sequence(argument: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, Iterable):
        raise InputError(argument, repr(value), "a list")
    return tuple(value)


def _checked(
    argument: str,
    value: Any,
    kind: Any,
    state: tuple[sp.Symbol, ...],
    parameters: tuple[sp.Symbol, ...],
) -> Any:
    """Return ``value`` as a sympy object of that kind in the known symbols, or raise."""
    expression = checked_expression(argument, value, kind)
    unknown = expression.free_symbols - set(state) - set(parameters)
    if unknown:
        named = {s.name for s in state + parameters}
        twins = names(s for s in unknown if s.name in named)
        raise InputError(
            argument,
            f"unknown symbols {names(unknown)} in {expression}",
            f"only the state {names(state)} and the parameters {names(parameters) or '(none)'}"
            + (f"; {twins} differ in their assumptions from those of the same name" * bool(twins)),
        )
    return expression
