"""What the derivations say about the UV model: every theoretical value the report compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from dynsharp import systems
from dynsharp.derive import Derivation, derive
from dynsharp.symbolic.cycles import Cycle
from dynsharp.symbolic.manifolds.invariants import InvariantManifold
from dynsharp.symbolic.manifolds.regions import ForwardInvariantRegion
from dynsharp.symbolic.normal_forms import FamilyFlip, FlipNormalForm, flip_normal_form
from dynsharp.symbolic.thresholds import Threshold, thresholds


@dataclass(frozen=True)
class UVTheory:
    """Derivations of the UV model and what follows from them.

    Attributes
    ----------
    scaled, physical, reduced
        Derivations of `uv`, `uv_physical` and `uv_eos`.
    manifold
        The edge-of-stability manifold: the invariant manifold of `uv` on which a flip occurs.
    region
        The bounded forward-invariant region of `uv`.
    flip
        The flip of the fixed point of the reduced map, and its normal form ``form``.
    cycle
        The 2-cycle of the reduced map that is born in it.
    family
        The flip on the whole family of minima.
    """

    scaled: Derivation
    physical: Derivation
    reduced: Derivation
    manifold: InvariantManifold
    region: ForwardInvariantRegion
    flip: Threshold
    form: FlipNormalForm
    family: FlipNormalForm | FamilyFlip
    cycle: Cycle

    @property
    def rho(self) -> sp.Symbol:
        """The parameter ρ."""
        return self.scaled.map.parameters[0]

    def critical_step(self, y: float, g: float) -> tuple[float, sp.Expr]:
        """Return η_c for this example, and its expression: past it no minimum is stable."""
        eta, y_, g_ = self.physical.map.parameters
        at = {y_: sp.Float(y), g_: sp.Float(g)}
        family = self.physical.thresholds[0, eta]
        found = [(float(t.value.subs(at)), t.value) for t in family if t.condition.subs(at) == True]  # noqa: E712
        return min(pair for pair in found if pair[0] > 0)

    def largest_bounded_step(self, df: float, lam: float, y: float, g: float) -> float:
        """Return the step at which a start leaves the forward-invariant region of the map."""
        m = self.physical.map
        eta, y_, g_ = m.parameters
        at = {m.state[0]: df, m.state[1]: lam, y_: y, g_: g}
        roots: list[float] = []
        for side in (i.lhs - i.rhs for r in self.physical.regions for i in r.inequalities):
            if side.has(eta):
                roots += [
                    float(sp.re(r)) for r in sp.Poly(side.subs(at), eta).nroots() if r.is_real
                ]
        return min(r for r in roots if r > 0)

    @property
    def second_flip(self) -> sp.Expr:
        """Return where the multiplier of the 2-cycle is −1."""
        (multiplier,) = self.cycle.multipliers
        roots = sp.solve(multiplier + 1, self.rho)
        return min((r for r in roots if float(r) > float(self.flip.value)), key=float)

    @property
    def cycle_states(self) -> list[dict[sp.Symbol, sp.Expr]]:
        """Return the 2-cycle as states of the full map."""
        z, k = self.scaled.map.state
        (F,) = self.reduced.map.state
        on_manifold = self.manifold.parametrisation
        points = [{z: p[F] - self.rho} for p in self.cycle.points]
        return [p | {k: sp.expand(on_manifold[k].subs(p))} for p in points]

    @property
    def transverse_multiplier(self) -> sp.Expr:
        """Return the multiplier of the 2-cycle across the manifold: the product of cofactors."""
        c = self.manifold.cofactor
        return sp.factor(sp.expand(sp.prod(c.subs(state) for state in self.cycle_states)))

    @property
    def mean_trace(self) -> sp.Expr:
        """Return the mean of k over the 2-cycle."""
        k = self.scaled.map.state[1]
        return sp.simplify(sp.Add(*(s[k] for s in self.cycle_states)) / self.cycle.period)

    @property
    def end(self) -> sp.Expr:
        """Return the ρ at which the region opens: the end of the condition for its invariance."""
        t = sp.Dummy(real=True)
        return self.region.condition.subs(self.rho, t).as_set().sup

    @property
    def exponent_at_end(self) -> sp.Expr:
        """Return the Lyapunov exponent there, ln n for a Chebyshev map of degree n.

        With A the largest fixed point, F = A cos²θ turns the map into θ' = nθ, which stretches by n
        everywhere; this is verified here.
        """
        (F,), (update,) = self.reduced.map.state, self.reduced.map.expressions
        theta = sp.Dummy("theta", real=True)
        update = update.subs(self.rho, self.end)
        A = max((p.state[F].subs(self.rho, self.end) for p in self.reduced.fixed_points), key=float)
        n = sp.degree(sp.expand(update), F)
        angle = update.subs(F, A * sp.cos(theta) ** 2) - A * sp.cos(n * theta) ** 2
        if sp.expand(sp.expand_trig(angle)) != 0:
            raise ArithmeticError(f"{self.reduced.map.name} is no Chebyshev map at {self.end}")
        return sp.log(n)

    @property
    def conserved(self) -> sp.Expr:
        """Return what gradient flow conserves: the product of the two manifolds through f = 0.

        The cofactor of the product is 1 + O(η²), so that dQ/dt = lim (cofactor − 1)/η · Q = 0.
        """
        eta = self.physical.map.parameters[0]
        free = [m for m in self.physical.manifolds or () if not m.equation.has(eta)]
        for i, a in enumerate(free):
            for b in free[:i]:
                if sp.limit((sp.expand(a.cofactor * b.cofactor) - 1) / eta, eta, 0) == 0:
                    return sp.expand(a.equation * b.equation)
        raise ArithmeticError("no conserved product of invariant manifolds was found")

    def flow_limit(self, df: float, lam: float, y: float, g: float) -> float:
        """Return λ(∞) of gradient flow: the conserved quantity carried to Δf = 0."""
        m = self.physical.map
        d, trace = m.state
        _, y_, g_ = m.parameters
        Q = self.conserved.subs({y_: y, g_: g})
        end = sp.solve(Q.subs(d, 0) - Q.subs({d: df, trace: lam}), trace)
        return max(float(r) for r in end)


def uv_theory(tell: Callable[..., Any] = lambda *stage: None) -> UVTheory:
    """Derive all of it, by the package's own means."""
    scaled = derive(systems.uv(), periods=(), tell=tell)
    physical = derive(systems.uv_physical(), ["eta"], periods=(), tell=tell)
    reduced = derive(systems.uv_eos(), tell=tell)
    rho = scaled.map.parameters[0]
    n, flip = next(
        (n, t) for (n, _), ts in reduced.thresholds.items() for t in ts if t.kind == "flip"
    )
    (F,) = reduced.map.state
    cycle = next(
        c
        for c in reduced.cycles[0]
        if sp.simplify((c.points[0][F] - c.points[1][F]).subs(rho, flip.value)) == 0
    )
    form = flip_normal_form(reduced.map, reduced.fixed_points[n], rho)
    assert isinstance(form, FlipNormalForm)
    return UVTheory(
        scaled=scaled,
        physical=physical,
        reduced=reduced,
        manifold=next(m for m in scaled.manifolds or () if _has_flip(m, rho)),
        region=next(r for r in scaled.regions if r.bounded),
        flip=flip,
        form=form,
        family=flip_normal_form(scaled.map, scaled.fixed_points[0], rho),
        cycle=cycle,
    )


def _has_flip(m: InvariantManifold, rho: sp.Symbol) -> bool:
    from dynsharp.symbolic.fixed_points import fixed_points

    if m.eliminated is None or not m.equation.has(rho):
        return False
    points = fixed_points(m.restrict())
    return any(t.kind == "flip" for p in points for t in thresholds(p, rho))
