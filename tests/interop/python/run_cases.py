"""Runs cases of the Autobahn test suite: run_cases.py VENV HOST PORT PATH CATEGORY…

VENV is where the suite is installed. Each case is a line of JSON on standard output: its number, what it expects, and how it went.
"""

import asyncio
import base64
import json
import os
import sys
from pathlib import Path

from cases import read_cases
from connection import PATIENCE, Connection

# How many run at the same time, on a server that has other limits than these.
AT_ONCE = 24


async def open_websocket(host, port, path):
    reader, writer = await asyncio.open_connection(host, port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head:
        raise ConnectionError(head.decode())
    return reader, writer


async def run(name, case_class, address, gate):
    async with gate:
        connection = Connection(*await asyncio.wait_for(open_websocket(*address), PATIENCE))
        case = case_class(connection)
        await connection.run(case)
    print(
        json.dumps(
            {
                "case": name,
                "expects": case.EXPECTATION,
                "behavior": case.behavior,
                "close": case.behaviorClose,
                "result": f"{case.result} {case.resultClose}",
                "received": repr(case.received),
                "code": connection.remoteCloseCode,
                "largest": connection.largest,
            }
        ),
        flush=True,
    )


async def main(venv, host, port, path, categories):
    gate = asyncio.Semaphore(AT_ONCE)
    (folder,) = Path(venv).glob("lib/python3*/site-packages/autobahntestsuite/case")
    cases = {name: case for name, case in read_cases(folder).items() if name.split(".")[0] in categories}
    await asyncio.gather(*(run(name, case, (host, int(port), path), gate) for name, case in cases.items()))


asyncio.run(main(*sys.argv[1:5], sys.argv[5:]))
