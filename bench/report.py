"""What bench/run and bench/compare share: one way to print a table, to write numbers, and to end."""
import sys


class Failure(Exception):
    """Ends the command with this message and a status that says so."""


def print_table(head, lines):
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    for line in [head, ["-" * width for width in widths], *lines]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def ratio_text(ratio):
    return f"{ratio:.2f}"


def spread_text(spread):
    return f"{ratio_text(spread[0])}–{ratio_text(spread[1])}"


def main(command):
    try:
        command()
    except Failure as failure:
        sys.exit(f"{sys.argv[0]}: {failure}")
