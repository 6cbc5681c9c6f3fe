"""A WebSocket that a case of the Autobahn test suite sends on, and which tells the case what comes.

Its methods have the names that the cases call. Dante echoes nothing, so messages are not heard, and not expected.
"""

import asyncio
import os

from cases import WebSocketProtocol

PATIENCE = 30  # seconds, for what the server has to do
SMALLEST = 0.05  # seconds, between what is checked


def encode(text):
    """The bytes of a text of Python 2."""
    return text.encode("latin-1")


def frame(opcode, payload, fin, rsv):
    """A frame, masked (RFC 6455, 5.2 and 5.3)."""
    head = bytes([fin << 7 | rsv << 4 | opcode])
    length = len(payload)
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += bytes([0x80 | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([0x80 | 127]) + length.to_bytes(8, "big")
    return head + masked(payload)


def masked(payload):
    mask = os.urandom(4)
    return mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


class Factory:
    isServer = False


class Connection(WebSocketProtocol):
    factory = Factory()
    createWirelog = False
    localCloseReason = None
    autoFragmentSize = 0

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.state = self.STATE_OPEN
        self.connectionWasOpen = True
        self.closedByMe = self.droppedByMe = self.failedByMe = self.wasClean = False
        self.remoteCloseCode = None
        self.has_closed = False
        self.txFrameStats = {0: 0, 1: 0}
        self.largest = self.message = 0
        self.later = []

    # What a case does.

    def enableWirelog(self, _enable):
        pass

    def _write(self, data, chopsize=None):
        if self.writer.is_closing():
            return
        for at in range(0, len(data), chopsize or len(data)):
            self.writer.write(data[at : at + (chopsize or len(data))])

    def sendFrame(self, opcode, payload="", fin=True, rsv=0, mask=None, payload_len=None, chopsize=None, sync=False):
        if payload_len:
            payload = (payload * (payload_len // len(payload) + 1))[:payload_len]
        if opcode < 3:
            # The server counts a message, of however many frames.
            self.message = len(payload) + (self.message if opcode == 0 else 0)
            self.largest = max(self.largest, self.message)
        self._write(frame(opcode, encode(payload), fin, rsv), chopsize)

    def sendMessage(self, payload, isBinary=False, fragmentSize=None):
        size = fragmentSize or self.autoFragmentSize or len(payload) or 1
        parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [""]
        for at, part in enumerate(parts):
            self.sendFrame((2 if isBinary else 1) if at == 0 else 0, part, fin=at == len(parts) - 1)

    def beginMessage(self, opcode=1):
        self.opcode = opcode

    def beginMessageFrame(self, length):
        # A mask of zeros, so that parts can be sent as they are.
        self._write(bytes([self.opcode, 0x80 | length, 0, 0, 0, 0]))

    def sendMessageFrameData(self, payload):
        self._write(encode(payload))

    def endMessage(self):
        self.sendFrame(0)

    def sendCloseFrame(self, code=None, reasonUtf8=""):
        self.closedByMe = self.closedByMe or not self.has_closed
        self.has_closed = True
        code = b"" if code is None else code.to_bytes(2, "big")
        self._write(frame(8, code + encode(reasonUtf8), True, 0))

    def sendClose(self, code=None, reason=""):
        if not self.has_closed:
            self.sendCloseFrame(1000 if code is None else code, reason)

    def continueLater(self, delay, function, _tag=None):
        self.later.append(asyncio.create_task(self._continue(delay, function)))

    async def _continue(self, delay, function):
        await asyncio.sleep(delay)
        if self.state == self.STATE_OPEN:
            function()

    def closeAfter(self, _delay):
        self.later.append(asyncio.create_task(self._close()))

    # Nothing is killed before its time: a case whose close is the server's waits for it.
    killAfter = closeAfter

    # What is done with a case.

    async def _close(self):
        """Closes once all is there, if that is for this side to do; breaks off when patience ends."""
        case = self.case
        for _ in range(int(PATIENCE / SMALLEST)):
            if self.state != self.STATE_OPEN:
                return
            expects_close = case.expectedClose["closedByMe"]
            if expects_close and not case.suppressClose and case.received in case.expected.values():
                self.sendClose()
            await asyncio.sleep(SMALLEST)
        self.closedByMe = self.droppedByMe = True
        self.writer.close()

    async def run(self, case):
        """Has a case open, and tells it what comes until the connection ends."""
        self.case = case
        case.onMessage = lambda *_: None
        case.onOpen()
        case.expected = {
            name: [event for event in events if event[0] != "message"] for name, events in case.expected.items()
        }
        try:
            while await self._hear():
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the end, as a case sees it
        self.state = self.STATE_CLOSED
        for task in self.later:
            task.cancel()
        self.writer.close()
        case.onConnectionLost(self.failedByMe)

    async def _hear(self):
        first, length = await self.reader.readexactly(2)
        if length == 126:
            length = int.from_bytes(await self.reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await self.reader.readexactly(8), "big")
        payload = (await self.reader.readexactly(length)).decode("latin-1")
        opcode = first & 0x0F
        if opcode == 8:
            if payload:
                self.remoteCloseCode = int.from_bytes(encode(payload[:2]), "big")
            if not self.has_closed:
                self.has_closed = True
                self._write(frame(8, encode(payload), True, 0))
            self.wasClean = True
            # The server ends the connection (RFC 6455, 7.1.1).
            await self.reader.read()
            return False
        if opcode == 9:
            self._write(frame(10, encode(payload), True, 0))
        elif opcode == 10:
            self.case.onPong(payload)
        return True
