"""The case classes of the Autobahn test suite, read from its package: they are Python 2, and expect an autobahn that no longer runs.

fissix translates them, and what they import of autobahn is made up here. They say what they send and expect; `connection.py` does it.
"""

import re
import sys
import types
from pathlib import Path

from fissix.refactor import RefactoringTool, get_fixers_from_package

# Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, and automatic fragments. 9 measures; 12 and 13 compress.
CATEGORIES = ("1", "2", "3", "4", "5", "6", "7", "10")


class WebSocketProtocol:
    """What the cases take from autobahn: its constants, with the numbers of RFC 6455, 7.4.1."""

    STATE_CLOSED = 0
    STATE_OPEN = 3
    MESSAGE_TYPE_TEXT = 1
    MESSAGE_TYPE_BINARY = 2
    CLOSE_STATUS_CODE_NORMAL = 1000
    CLOSE_STATUS_CODE_GOING_AWAY = 1001
    CLOSE_STATUS_CODE_PROTOCOL_ERROR = 1002
    CLOSE_STATUS_CODE_UNSUPPORTED_DATA = 1003
    CLOSE_STATUS_CODE_INVALID_PAYLOAD = 1007


class Utf8Validator:
    """autobahn's: whether a text is valid so far, and whether it ends with a whole character."""

    def reset(self):
        pass

    def validate(self, text):
        try:
            text.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError as error:
            return error.reason == "unexpected end of data", False
        return True, True


def _modules():
    """The modules that the cases import, for as long as they are read."""
    protocol = types.ModuleType("autobahn.websocket.protocol")
    protocol.WebSocketProtocol = WebSocketProtocol
    validator = types.ModuleType("autobahn.websocket.utf8validator")
    validator.Utf8Validator = Utf8Validator
    # A hexadecimal description of what is text here.
    binascii = types.ModuleType("binascii")
    binascii.b2a_hex = lambda text: text.encode("latin-1").hex()
    modules = {module.__name__: module for module in (protocol, validator, binascii)}
    for name in ("autobahn", "autobahn.websocket"):
        modules[name] = types.ModuleType(name)
    return modules


def _read(tool, file):
    """One module, in which each character of a text is a byte."""
    # Whatever encoding a module names: these are the bytes of Python 2's texts.
    source = file.read_bytes().decode("latin-1").replace("\r\n", "\n")
    source = re.sub(r"^#.*coding.*$", "", source, flags=re.MULTILINE)
    # Python 3 wants the base of all classes last.
    source = source.replace("(object, Case, )", "(Case, )")
    module = types.ModuleType(file.stem)
    exec(compile(str(tool.refactor_string(source + "\n", file.name)), str(file), "exec"), module.__dict__)
    return module


def _order(name):
    return [int(part) for part in name.split(".")]


def read_cases(folder):
    """The classes of all cases, by their numbers, as the package at this folder has them."""
    tool = RefactoringTool(get_fixers_from_package("fissix.fixes"))
    kept = dict(sys.modules)
    cases = {}
    try:
        sys.modules.update(_modules())
        sys.modules["case"] = base = _read(tool, Path(folder, "case.py"))
        names = sorted(Path(folder).glob("case[0-9]*_*.py"), key=lambda file: [len(file.stem), file.stem])
        for file in names:
            if re.match(r"case(\d+)_", file.stem)[1] not in CATEGORIES:
                continue
            # Some are made from others.
            sys.modules[file.stem] = module = _read(tool, file)
            found = list(vars(module).values())
            found += [item for value in found if isinstance(value, list) for item in value]
            for item in found:
                if isinstance(item, type) and issubclass(item, base.Case) and item is not base.Case:
                    cases[item.__name__.removeprefix("Case").replace("_", ".")] = item
    finally:
        for name in set(sys.modules) - set(kept):
            del sys.modules[name]
        sys.modules.update(kept)
    # Whatever they compare is a value.
    base.Case.compare = lambda _self, one, other: one == other
    return {name: cases[name] for name in sorted(cases, key=_order)}
