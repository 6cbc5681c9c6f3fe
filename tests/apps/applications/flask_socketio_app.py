"""Flask-SocketIO in threads, for gunicorn: news twice a second for everybody, and an echo."""

from flask import Flask
from flask_socketio import SocketIO

app = Flask(__name__)
socketio = SocketIO(app, async_mode="threading", cors_allowed_origins="*")


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
