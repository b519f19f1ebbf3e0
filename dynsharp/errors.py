"""The error of wrong input; numerical failures are results with a status, never exceptions."""

from __future__ import annotations


class InputError(ValueError):
    """An argument that cannot be used: the message names it, what it got and what it wants.

    Parameters
    ----------
    argument
        Name of the argument, as the caller wrote it.
    got
        What was passed.
    wants
        What is expected instead, as the end of the sentence "expected ...".
    """

    def __init__(self, argument: str, got: object, wants: str) -> None:
        super().__init__(f"{argument}: got {got}; expected {wants}")
        self.argument = argument
