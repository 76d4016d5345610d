"""What bench/run, bench/compare and bench/instructions share: one way to print a table, to write numbers, and to end."""
import sys


class Failure(Exception):
    """Ends the command with this message and a status that says so."""


def print_table(head, lines, markdown=False):
    if markdown:
        for line in [head, ["---"] * len(head), *lines]:
            print(f"| {' | '.join(line)} |")
        return
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    for line in [head, ["-" * width for width in widths], *lines]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def time_text(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1)):
        if abs(nanoseconds) >= 0.9995 * size or unit == "ns":
            return f"{nanoseconds / size:.3g} {unit}"


def amount_text(amount, unit):
    """One side of a row."""
    return time_text(amount) if unit == "ns" else f"{amount:.4g} {unit}"


def figure_text(row, figure):
    """A figure of the kind of the row's ratio."""
    return amount_text(figure, row["unit"]) if row["of"] in ("difference", "value") else f"{figure:.2f}"


def spread_text(row):
    return "–".join(figure_text(row, end) for end in row["spread"])


def target_text(row):
    if row["target"] is None:
        return ""
    figure = amount_text(row["target"], row["unit"]) if row["of"] in ("difference", "value") else f"{row['target']:g}"
    return f"{'≥' if row['of'] == 'rate' else '≤'} {figure}"


def verdict_text(row):
    """Whether the target is reached, and how far it is."""
    if row["reached"] is None:
        return ""
    if row["reached"]:
        return "reached"
    if row["of"] in ("difference", "value"):
        return f"{amount_text(row['ratio'] - row['target'], row['unit'])} off"
    off = row["target"] / row["ratio"] if row["of"] == "rate" else row["ratio"] / row["target"]
    return f"{off:.2f} x off"


def main(command):
    try:
        command()
    except Failure as failure:
        sys.exit(f"{sys.argv[0]}: {failure}")
