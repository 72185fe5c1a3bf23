"""Runs every benchmark, or those named, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ALL = ("receiving", "batches", "sending", "stats_of_ten_million")


def main() -> int:
    failed = 0
    for name in sys.argv[1:] or ALL:
        print(f"\n== {name} ==", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
