"""What a reader has heard, as lines of JSON for tests/interop/reading.js."""

import json
import os
import sys
import threading

PATIENCE = 60  # seconds

_printing = threading.Lock()


class Recording:
    """One reader's. Its methods may be called from several threads."""

    def __init__(self, name, url):
        self.name = f"{name} {url}"
        self.whole = threading.Event()
        self.over = threading.Event()
        self.awaited = None
        self.count = 0

    def _say(self, **said):
        line = json.dumps({"reader": self.name, **said})
        with _printing:
            print(line, flush=True)

    def opening(self, opening):
        self._say(opening=opening)
        self._came(of=opening["of"])

    def stanza(self, text, index):
        self._say(text=text, index=index)
        self._came(count=1)

    def end(self, how):
        self._say(end=how)
        self.over.set()

    def event(self, event):
        """An event of the plain streams: its name, and what it tells."""
        if event["event"] == "reading":
            self.opening(event)
        elif event["event"] == "divinecomedy":
            self.stanza(event["text"], event["index"])

    def _came(self, of=None, count=0):
        with _printing:
            self.awaited = of or self.awaited
            self.count += count
            if self.count == self.awaited:
                self.whole.set()

    def until_over(self):
        """Waits for the end, and for stanzas that are still on their way between a client's threads."""
        if self.over.wait(PATIENCE):
            self.whole.wait(PATIENCE)


def run_all(readers, urls):
    """Runs each of these functions for each URL, all at the same time. One that fails ends as it fails."""

    def run(reader, url):
        recording = Recording(reader.name, url)
        try:
            reader(url, recording)
        except Exception as error:  # whatever a client may raise
            recording.end(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=run, args=(reader, url)) for reader in readers for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.flush()
    # Not by the usual way: python-socketio 4 leaves threads that sleep until their next ping.
    os._exit(0)
