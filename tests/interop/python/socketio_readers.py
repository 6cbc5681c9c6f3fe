"""python-socketio, version 5 or 4: its clients on threads and on asyncio, over each transport."""

import asyncio
import sys
from urllib.parse import urlsplit

import socketio
from recording import PATIENCE, run_all

TRANSPORTS = {"default": None, "polling": ["polling"], "websocket": ["websocket"]}


def address(url, transports):
    """What `connect` is told: the path is an option apart."""
    parts = urlsplit(url)
    return {
        "url": f"{parts.scheme}://{parts.netloc}",
        "socketio_path": f"{parts.path}/socket.io".lstrip("/"),
        "transports": transports,
    }


def follow(client, recording):
    client.on("reading", recording.opening)
    client.on("divinecomedy", lambda text, place: recording.stanza(text, place["index"]))


def threads(name, transports):
    def reader(url, recording):
        client = socketio.Client()
        follow(client, recording)
        # Its argument, a reason, came with version 5.12.
        client.on("disconnect", lambda *_reason: recording.end("disconnect"))
        client.connect(**address(url, transports))
        recording.until_over()
        # Version 4 keeps the connection after the server has said goodbye.
        client.disconnect()

    reader.name = f"threads, {name}"
    return reader


def on_asyncio(name, transports):
    async def read(url, recording):
        client = socketio.AsyncClient()
        follow(client, recording)
        client.on("disconnect", lambda *_reason: recording.end("disconnect"))
        await client.connect(**address(url, transports))
        await asyncio.to_thread(recording.until_over)
        await client.disconnect()

    def reader(url, recording):
        asyncio.run(read(url, recording))

    reader.name = f"asyncio, {name}"
    return reader


def simple(name, transports):
    def reader(url, recording):
        client = socketio.SimpleClient()
        client.connect(**address(url, transports))
        # It doesn't tell the end, so the number of the stanzas has to.
        while not recording.whole.is_set():
            event, *content = client.receive(timeout=PATIENCE)
            if event == "reading":
                recording.opening(content[0])
            elif event == "divinecomedy":
                recording.stanza(content[0], content[1]["index"])
        client.disconnect()
        recording.end("whole")

    reader.name = f"simple, {name}"
    return reader


kinds = [threads, on_asyncio] + ([simple] if hasattr(socketio, "SimpleClient") else [])
run_all([kind(name, transports) for kind in kinds for name, transports in TRANSPORTS.items()], sys.argv[1:])
