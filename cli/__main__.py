"""Entry point of `python -m cli`."""

from cli import main

main()
