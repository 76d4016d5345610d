"""Tests bench/run, bench/compare and what bench/instructions finds on a build: run_test.py BUILD_DIR. Numbers do not matter here."""
import json
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(sys.argv[1]).resolve()
QUICK = ["--repetitions", "2", "--min-time", "0.001"]

# A program that has what it is told to have: {measurement: (nanoseconds, counters)}.
PROGRAM = """#!/usr/bin/env python3
import json, re, sys
HAS = {has!r}
given = dict(one.lstrip("-").split("=", 1) for one in sys.argv[1:])
if "benchmark_list_tests" in given:
    print(*HAS, sep="\\n")
    sys.exit()
chosen = [name for name in HAS if re.search(given["benchmark_filter"], name)]
made = [{{"run_name": name, "run_type": "iteration", "real_time": HAS[name][0], "cpu_time": HAS[name][0], "time_unit": "ns", **HAS[name][1]}}
        for name in chosen for _ in range(int(given["benchmark_repetitions"]))]
open(given["benchmark_out"], "w").write(json.dumps({{"benchmarks": made}}))
"""

ROWS = """
row = [
  {name = "fast", what = "fast", against = "floor", program = "one", measured = "fast", floor = "floor", clock = "wall", target = 1.5},
  {name = "slow", what = "slow", against = "floor", program = "one", measured = "slow", floor = "floor", clock = "wall", target = 1.5},
  {name = "rate", what = "rate", against = "the slowest", program = "one", measured = "fast", floor = ["floor", "slow"], clock = "wall", ratio = "rate", target = 2},
  {name = "more", what = "more", against = "floor", program = "one", measured = "slow", floor = "floor", clock = "wall", ratio = "difference", target = 10},
  {name = "bytes", what = "bytes", against = "floor", program = "one", measured = "fast", floor = "floor", counter = "bytes", unit = "bytes", target = 1.3},
  {name = "alone", what = "alone", program = "one", measured = "fast", counter = "bytes", unit = "bytes", target = 50},
  {name = "other", what = "other", against = "other program", program = "one", measured = "fast", peer = "two", floor = "theirs", clock = "wall"},
  {name = "absent", what = "absent", against = "peer", program = "one", measured = "fast", floor = "floor/peer", clock = "wall", needs = "libpeer-dev"},
]
"""


def call(*command, status=0):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (done.returncode == 0) == (status == 0), f"{command}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def real_rows(folder):
    """A build has every measurement that rows.toml names, and rows of it come out as a table."""
    assert "hop_untraced" in call(HERE / "run", BUILD, "--list", "--thorough")
    assert {"span", "hop_untraced", "join", "floor/router_dealer_hop"} <= set(call(HERE / "instructions", BUILD, "--list").split())
    said = call(HERE / "run", BUILD, "--json", folder / "new.json", *QUICK, "span_bench", "publish_bench")
    made = json.loads((folder / "new.json").read_text())
    assert made["commit"] and made["date"] and made["machine"]
    assert len(made["rows"]) >= 6 and "payload" not in said
    for row in made["rows"]:
        assert row["what"] in said and row["spread"][0] <= row["spread"][1], row
        assert row["median"] > 0 and row["floor_median"] > 0, row


def comparisons(folder):
    """The change of a run to itself is none; a row that got slower beyond its spread is named."""
    made = json.loads((folder / "made.json").read_text())
    assert "worse" not in call(HERE / "compare", folder / "made.json", folder / "made.json")
    slow = next(row for row in made["rows"] if row["name"] == "fast")
    slow["ratio"] *= 10
    slow["spread"] = [slow["ratio"], slow["ratio"]]
    (folder / "slower.json").write_text(json.dumps(made))
    assert call(HERE / "compare", folder / "made.json", folder / "slower.json").count("worse") == 1


def kinds_of_rows(folder):
    """Ratios of times, rates, differences, counters and numbers without a floor, each with its target; floors in another program; absent peers."""
    build = folder / "made"
    write_program(build / "bench" / "one", PROGRAM.format(has={"fast": (10, {"bytes": 60}), "slow": (40, {"bytes": 60}), "floor": (20, {"bytes": 50})}))
    write_program(build / "bench" / "two", PROGRAM.format(has={"theirs": (1000, {"items": 10})}))
    (folder / "rows.toml").write_text(ROWS)
    said = call(HERE / "run", build, "--rows", folder / "rows.toml", "--json", folder / "made.json", *QUICK)
    made = json.loads((folder / "made.json").read_text())
    found = {row["name"]: (row["ratio"], row["reached"]) for row in made["rows"]}
    assert found == {"fast": (0.5, True), "slow": (2, False), "rate": (4, True), "more": (20, False), "bytes": (1.2, True), "alone": (60, False),
                     "other": (0.1, None)}, found
    assert "3 of 6 targets reached" in said and "1.33 x off" in said and "10 ns off" in said and "10 bytes off" in said, said
    assert made["left_out"][0]["name"] == "absent" and "libpeer-dev" in said and "./dev bench installs it" in said, said
    assert "| slow | floor |" in call(HERE / "run", build, "--rows", folder / "rows.toml", "--markdown", *QUICK, "slow")


def failures(folder):
    """An unknown program, a missing one and a failing one fail, and are named."""
    assert "'nonesuch'" in call(HERE / "run", BUILD, "nonesuch", status=1)
    (folder / "build").mkdir()
    assert "span_bench is not in" in call(HERE / "run", folder / "build", "span_bench", status=1)
    write_program(folder / "build" / "bench" / "span_bench", "#!/bin/sh\necho out of luck\nexit 3\n")
    said = call(HERE / "run", folder / "build", "span_bench", status=1)
    assert "span_bench failed with status 3" in said and "out of luck" in said


with tempfile.TemporaryDirectory() as name:
    for test in (real_rows, kinds_of_rows, comparisons, failures):
        test(Path(name))
