"""Flask-SocketIO in threads, for gunicorn: news twice a second for everybody, and an echo. With OWN_ORIGIN, the library accepts
only the origin that it believes to be its own, which is its default."""

import os

from flask import Flask
from flask_socketio import SocketIO

app = Flask(__name__)
origins = None if os.environ.get("OWN_ORIGIN") else "*"
socketio = SocketIO(app, async_mode="threading", cors_allowed_origins=origins)


def tell_news():
    number = 0
    while True:
        number += 1
        socketio.emit("news", {"number": number, "text": "sunt lacrimae rerum " * 8})
        socketio.sleep(0.5)


@socketio.on("echo")
def echo(text):
    return text


socketio.start_background_task(tell_news)
