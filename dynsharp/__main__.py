"""``python -m dynsharp`` is the command ``dynsharp``."""

from dynsharp.cli import main

main()
