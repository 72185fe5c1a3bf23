"""`python -m twoticks`."""

from __future__ import annotations

from twoticks.cli import app


def main() -> None:
    """Entry point of the `twoticks` command."""
    app()


if __name__ == "__main__":
    main()
