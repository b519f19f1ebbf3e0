"""What a flip on a family of fixed points means for an orbit above the edge, in words."""

from __future__ import annotations

from sympy.logic.boolalg import Boolean

STILL = "the product of drift and rate vanishes: the cubic term decides alone"


def in_words(stabilising: bool | Boolean | None, still: bool, criticality: str | None) -> str:
    """Say what an orbit does a little above the edge; ``still`` where nothing drives it back."""
    if stabilising is True:
        tail = {
            "supercritical": "; amplitude² never exceeds excess/cubic",
            "subcritical": "; an excess above about -product/(2 cubic) escapes",
        }.get(str(criticality), "")
        return (
            "self-stabilising: for a small excess over the edge, amplitude² grows to "
            "excess²/product and the orbit lands as far below the edge" + tail
        )
    if still:
        return {
            "supercritical": "no drift to this order: amplitude² settles at excess/cubic",
            "subcritical": "no drift to this order, and no small amplitude to settle at",
        }.get(str(criticality), "no drift to this order; the cubic term is undecided")
    if stabilising is False:
        return "destabilising: the drift leads further over the edge and the amplitude grows"
    return f"self-stabilising where {stabilising}"
