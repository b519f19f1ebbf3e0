"""Bifurcations of codimension two: one file a kind, found by themselves.

`table` lists them, each with its normal form, what happens there and the curves that emanate. A new
one is an object of a subclass of `Codim2Kind`, in a file of this room (as ``KIND``) or handed to
`register`.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., chapter 9; Kuznetsov, Meijer,
SIAM J. Sci. Comput. 26 (2005) 1932.
"""

from dynsharp.bifurcations.codim2.forms import codim2_form, emanating
from dynsharp.bifurcations.codim2.kind import Codim2Kind, CurveEnd, CurveTest
from dynsharp.bifurcations.codim2.registry import kind_of, kinds, register, table, unregister

__all__ = [
    "Codim2Kind",
    "CurveEnd",
    "CurveTest",
    "codim2_form",
    "emanating",
    "kind_of",
    "kinds",
    "register",
    "table",
    "unregister",
]
