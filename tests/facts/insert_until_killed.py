"""Child of test_crash: inserts batches of facts from number FIRST on and prints each number once it is acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from twoticks.facts.fact import FactBatch
from twoticks.facts.store import FactStore
from twoticks.settings import Settings
from twoticks.vocabulary import FactKind

BATCH = 200


async def main(folder: Path, first: int) -> None:
    store = await FactStore.open(Settings(data=folder, readers=1))
    for number in range(first, first + 1_000_000):
        batch = FactBatch()
        for seq in range(number * BATCH, (number + 1) * BATCH):
            batch.add(1 + number % 3, FactKind.SENT, seq, 1_700_000_000_000 + seq, 1_700_000_000_000, number)
        await store.insert_facts(batch)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
