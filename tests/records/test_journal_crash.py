"""An acknowledged item outlives the process that took it."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import islice

from twoticks.records.database import Database
from twoticks.records.items import AttemptItem
from twoticks.records.journal import Journal

PROGRAM = """
import asyncio, itertools, sys
from twoticks.records.database import Database
from twoticks.records.items import AttemptItem
from twoticks.records.journal import Journal

async def main():
    journal = Journal(await Database.open(sys.argv[1]))
    await journal.start()
    numbers = itertools.count()

    async def send():
        for seq in numbers:
            await journal.append(AttemptItem(at=1, campaign=1, seq=seq))
            print(seq, flush=True)

    await asyncio.gather(*[send() for _ in range(20)])

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(any_dsn: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, any_dsn], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = list(islice(process.stdout, 500))
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    acknowledged = {int(line) for line in told if line.endswith("\n")}
    assert len(acknowledged) >= 500

    database = await Database.open(any_dsn)
    journal = Journal(database)
    stored: set[int] = set()
    after = 0
    while blocks := await journal.read(after):
        stored |= {item.seq for block in blocks for item in block.items if isinstance(item, AttemptItem)}
        after = blocks[-1].id
    assert acknowledged <= stored
    await journal.start()
    assert await journal.append(AttemptItem(at=1, campaign=1, seq=0)) > after
    await journal.stop()
    await database.close()
