"""Every check of an argument: what passes comes back as what is wanted, the rest says why not."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp import arguments


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (arguments.checked_number, sp.Rational(1, 4), 0.25),
        (arguments.checked_number, -3, -3.0),
        (arguments.checked_positive, np.float64(2), 2.0),
        (lambda a, v: arguments.checked_positive(a, v, most=100), 100, 100.0),
        (lambda a, v: arguments.checked_between(a, v, 0, 1), 0.5, 0.5),
        (arguments.checked_count, np.int64(7), 7),
        (arguments.checked_count, sp.Integer(1), 1),
        (lambda a, v: arguments.checked_count(a, v, 0), 0, 0),
        (arguments.checked_span, [0, 2], (0.0, 2.0)),
        (lambda a, v: arguments.checked_within(a, v, (0, 2)), 2, 2.0),
        (lambda a, v: arguments.checked_word(a, v, ["u", "v"]), sp.Symbol("v"), "v"),
    ],
)
def test_what_passes(check, value, expected):
    got = check("it", value)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("check", "value", "wants"),
    [
        (arguments.checked_number, "one", "a real number"),
        (arguments.checked_number, 1j, "a real number"),
        (arguments.checked_number, np.nan, "a finite number"),
        (arguments.checked_positive, 0, "a positive number"),
        (arguments.checked_positive, np.inf, "a positive number"),
        (arguments.checked_positive, None, "a positive number"),
        (lambda a, v: arguments.checked_positive(a, v, most=100), 101, "number, at most 100"),
        (lambda a, v: arguments.checked_between(a, v, 0, 1), 1, "a number between 0 and 1"),
        (lambda a, v: arguments.checked_between(a, v, 1, np.inf), "x", "between 1 and inf"),
        (arguments.checked_count, 0, "an integer of at least 1"),
        (arguments.checked_count, 2.0, "an integer of at least 1"),
        (arguments.checked_count, True, "an integer of at least 1"),
        (lambda a, v: arguments.checked_count(a, v, -1), -2, "an integer of at least -1"),
        (arguments.checked_span, 3, "two numbers (least, greatest)"),
        (arguments.checked_span, (1, 2, 3), "two numbers (least, greatest)"),
        (arguments.checked_span, (1, 1), "two numbers, the lesser first"),
        (arguments.checked_span, (0, np.inf), "a finite number"),
        (lambda a, v: arguments.checked_within(a, v, (0, 2), "r"), 3, "of r in the span 0 to 2"),
        (lambda a, v: arguments.checked_word(a, v, ["u", "v"]), "w", "one of u, v"),
        (arguments.checked_mapping, [1], "a dictionary {name: value}"),
        (lambda a, v: arguments.checked_instance(a, v, ds.DiscreteMap), "uv", "a DiscreteMap"),
        (lambda a, v: arguments.checked_array(a, v, 1), [[1.0]], "an array of 1 dimension of"),
        (lambda a, v: arguments.checked_array(a, v, 1), [1.0, np.nan], "finite real numbers"),
        (lambda a, v: arguments.checked_array(a, v, 1), [1j], "finite real numbers"),
        (lambda a, v: arguments.checked_array(a, v, 1, (3,)), [1.0, 2.0], "shape (3,)"),
    ],
)
def test_what_does_not_pass(check, value, wants):
    with pytest.raises(ds.InputError) as error:
        check("it", value)
    assert str(error.value).startswith("it: got ")
    assert wants in str(error.value)


def test_a_checked_array_is_a_copy_that_cannot_be_written():
    given = np.ones(2)
    array = arguments.checked_array("it", given, 1)
    given[0] = 5
    assert array.tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2


def test_fixed_parameters():
    henon = ds.systems.henon()
    a, b = henon.parameters
    assert arguments.checked_fixed(henon, {"a": 1, b: sp.Rational(3, 10)}) == {"a": 1.0, "b": 0.3}
    assert arguments.checked_fixed(henon, {"b": 0.3}, [a]) == {"b": 0.3}
    assert arguments.checked_fixed(ds.systems.logistic(), None, ["r"]) == {}
    for fixed, moving, says in (
        ([], [a], "a dictionary {parameter: number}"),
        ({"a": 1.4, "b": 0.3}, [a], "parameters other than those that vary"),
        ({"b": "x"}, [a], "fixed['b']: got 'x'; expected a real number"),
        ({"c": 1}, [a], "a parameter of"),
        ({}, [a], "no value for b; expected a number for each"),
    ):
        with pytest.raises(ds.InputError) as error:
            arguments.checked_fixed(henon, fixed, moving)
        assert says in str(error.value)
