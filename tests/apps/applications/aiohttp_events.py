"""An event stream of aiohttp: /events, an event twice a second; /quiet, one event and then a long silence."""

import asyncio
import json
import sys

from aiohttp import web

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
SILENCE_S = 600


async def stream(request, pause_s):
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    number = 0
    while True:
        number += 1
        data = json.dumps({"number": number, "text": "arma virumque cano " * 4})
        await response.write(f"id: {number}\ndata: {data}\n\n".encode())
        await asyncio.sleep(pause_s)


async def events(request):
    return await stream(request, 0.5)


async def quiet(request):
    return await stream(request, SILENCE_S)


app = web.Application()
app.add_routes([web.get("/events", events), web.get("/quiet", quiet)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
