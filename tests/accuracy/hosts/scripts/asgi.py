"""python-socketio under uvicorn. Its argument is a JSON object: `port`, and options of the server."""

import json
import sys

import socketio
import uvicorn

settings = json.loads(sys.argv[1])
port = settings.pop("port")
path = settings.pop("path", "socket.io")
server = socketio.AsyncServer(async_mode="asgi", **settings)
uvicorn.run(socketio.ASGIApp(server, socketio_path=path), host="127.0.0.1", port=port, log_level="warning")
