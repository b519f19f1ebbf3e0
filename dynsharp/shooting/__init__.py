"""The equations of a cycle, and the cycle near a guess.

``problem`` is a map along a parameter with the equations of its cycles, ``equations`` these
linearised in compiled code. Newton's method (``newton``) is for one guess from close by or from
afar, ``many`` for many guesses; ``singular`` and ``families`` are for cycles that are not isolated.
``identity`` says which cycles are the same, ``deflation`` keeps away from known ones, ``forms`` has
the derivatives of higher order.
"""
