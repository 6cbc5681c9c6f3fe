"""Parses PowerShell scripts and names every place that the grammar has no words for.

There is no PowerShell where most tests run, so that a forgotten brace would be found by whoever runs the script on a
server. The grammar is tree-sitter-pwsh; it takes setup.ps1 as it is, without an exception.
"""

import sys

import tree_sitter_pwsh
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_pwsh.language()))

# What a slip of the hand makes; a grammar that takes one of these checks nothing.
BROKEN = [
    "if ($x) { 'a'",
    "function f { return ($x }",
    "$x = @{ a = 1; b = }",
    "foreach ($x in 1..3 { $x }",
    "'a' | Where-Object { $_ -eq",
    "throw 'a",
    "param([string]$a,)",
]


def faults(source):
    """Yields the line, the column and the text of each place, in order."""
    nodes = [PARSER.parse(source).root_node]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            text = source[node.start_byte : node.end_byte].decode(errors="replace").split("\n")[0]
            yield node.start_point[0] + 1, node.start_point[1] + 1, text[:80] or f"{node.type} is missing"
        else:
            nodes.extend(reversed(node.children))


def main(paths):
    for script in BROKEN:
        if not list(faults(script.encode())):
            sys.exit(f"the grammar takes {script!r}, so that it proves nothing")
    failed = False
    for path in paths:
        with open(path, "rb") as file:
            source = file.read()
        for line, column, text in faults(source):
            failed = True
            print(f"{path}:{line}:{column}: {text}", file=sys.stderr)
    print(f"PowerShell: {len(paths)} script(s) and {len(BROKEN)} broken ones parsed")
    sys.exit(failed)


main(sys.argv[1:])
