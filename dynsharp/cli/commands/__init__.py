"""The commands, one a file: ``run`` is what it does, ``EXAMPLE`` a line that shows its use.

The name of the file is the name of the command (without the underscore that keeps it from being a
word of Python). What loads slowly is imported inside ``run``.
"""
