"""python-socketio's AsyncServer, for uvicorn: news twice a second for everybody, and an echo. With OWN_ORIGIN, the library accepts
only the origin that it believes to be its own, which is its default."""

import os

import socketio

origins = None if os.environ.get("OWN_ORIGIN") else "*"
server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=origins)


async def tell_news():
    number = 0
    while True:
        number += 1
        await server.emit("news", {"number": number, "text": "sunt lacrimae rerum " * 8})
        await server.sleep(0.5)


@server.on("echo")
async def echo(_sid, text):
    return text


async def start():
    server.start_background_task(tell_news)


app = socketio.ASGIApp(server, on_startup=start)
