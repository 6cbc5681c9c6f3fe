"""Clients of plain WebSocket (websockets, websocket-client, aiohttp) and of server-sent events (httpx-sse)."""

import asyncio
import itertools
import json
import sys

import aiohttp
import httpx
import httpx_sse
import websocket
import websockets
import websockets.sync.client
from recording import PATIENCE, run_all


def named(name):
    """Gives a reader its name."""

    def name_it(reader):
        reader.name = name
        return reader

    return name_it


def websocket_url(url, query=""):
    return f"{url.replace('http', 'ws', 1)}/websocket/ws{query}"


JSON = "?format=json"


@named("websockets, asyncio")
def websockets_asyncio(url, recording):
    async def read():
        async with websockets.connect(websocket_url(url, JSON)) as socket:
            async for message in socket:
                recording.event(json.loads(message))
            recording.end(f"close {socket.close_code}")

    asyncio.run(read())


@named("websockets, threads")
def websockets_threads(url, recording):
    with websockets.sync.client.connect(websocket_url(url, JSON)) as socket:
        for message in socket:
            recording.event(json.loads(message))
        recording.end(f"close {socket.close_code}")


@named("websockets, texts")
def websockets_texts(url, recording):
    with websockets.sync.client.connect(websocket_url(url)) as socket:
        for index, text in enumerate(socket):
            recording.stanza(text, index)
        recording.end(f"close {socket.close_code}")


@named("websocket-client, app")
def websocket_app(url, recording):
    websocket.WebSocketApp(
        websocket_url(url, JSON),
        on_message=lambda _, message: recording.event(json.loads(message)),
        on_close=lambda _, code, _reason: recording.end(f"close {code}"),
    ).run_forever()


@named("websocket-client, texts")
def websocket_texts(url, recording):
    socket = websocket.create_connection(websocket_url(url), timeout=PATIENCE)
    for index in itertools.count():
        opcode, data = socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            recording.end(f"close {int.from_bytes(data[:2], 'big')}")
            return
        recording.stanza(data.decode(), index)


@named("aiohttp")
def aiohttp_websocket(url, recording):
    async def read():
        async with aiohttp.ClientSession() as session, session.ws_connect(websocket_url(url, JSON)) as socket:
            async for message in socket:
                recording.event(message.json())
            recording.end(f"close {socket.close_code}")

    asyncio.run(read())


@named("httpx-sse")
def events(url, recording):
    with (
        httpx.Client(timeout=PATIENCE) as client,
        httpx_sse.connect_sse(client, "GET", f"{url}/sse/stream") as source,
    ):
        for event in source.iter_sse():
            if event.event == "end":
                recording.end("end")
                return
            recording.event(json.loads(event.data))


run_all(
    [
        websockets_asyncio,
        websockets_threads,
        websockets_texts,
        websocket_app,
        websocket_texts,
        aiohttp_websocket,
        events,
    ],
    sys.argv[1:],
)
