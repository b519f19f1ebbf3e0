"""From sympy expressions to machine code: printer, cache, batch kernels."""

from dynsharp.compiled.expressions import differentiate, identifiers, real_form
from dynsharp.compiled.printer import Program, code, straight_line

__all__ = ["Program", "code", "differentiate", "identifiers", "real_form", "straight_line"]
