"""Readers whose machine vanishes: python3 vanished.py PORT COUNT.

Each joins Dante on a transport of its own, hears a first stanza, and from then on its system drops every packet that comes for it: nothing is
acknowledged, nothing is refused, and nobody says goodbye. Prints "vanished" when that is so for all, and stays until its input ends.
"""

import ctypes
import socket
import struct
import sys

# socket(7) and linux/filter.h; Python has no names for them.
SO_ATTACH_FILTER = 26
BPF_RETURN = 0x06

UPGRADE = (
    "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
# `40`, which joins, masked with zeros (RFC 6455, 5.3).
JOIN = b"\x81\x82\0\0\0\x0040"

WORDS = [
    UPGRADE.format("/socket.io/?EIO=4&transport=websocket").encode() + JOIN,
    UPGRADE.format("/websocket/ws?format=json").encode(),
    b"GET /sse/stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
]


def vanish(reader):
    """Has the system drop whatever comes: a filter that keeps no byte of a packet."""
    program = ctypes.create_string_buffer(struct.pack("=HBBI", BPF_RETURN, 0, 0, 0))
    filters = struct.pack("@HP", 1, ctypes.addressof(program))
    reader.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filters)


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    readers = []
    for at in range(count):
        reader = socket.create_connection(("127.0.0.1", port))
        reader.sendall(WORDS[at % len(WORDS)])
        readers.append(reader)
    for reader in readers:
        heard = b""
        while b"divinecomedy" not in heard:
            piece = reader.recv(4096)
            assert piece, heard
            heard += piece
        vanish(reader)
    print("vanished", flush=True)
    sys.stdin.read()


main()
