"""Tests bench/run and bench/compare on a build: run_test.py BUILD_DIR. Numbers do not matter here."""
import json
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(sys.argv[1]).resolve()
QUICK = ["--repetitions", "2", "--min-time", "0.001"]


def call(*command, status=0):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (done.returncode == 0) == (status == 0), f"{command}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    said = call(HERE / "run", BUILD, "--json", folder / "new.json", *QUICK)
    made = json.loads((folder / "new.json").read_text())
    assert made["commit"] and made["date"] and made["machine"]
    assert len(made["rows"]) > 10
    for row in made["rows"]:
        assert row["what"] in said and row["ratio"] > 0 and row["spread"][0] <= row["spread"][1], row
        assert row["median_ns"] > 0 and row["floor_median_ns"] > 0, row

    # The change of a run to itself is none; a row that got slower beyond its spread is named.
    assert "worse" not in call(HERE / "compare", folder / "new.json", folder / "new.json")
    slower = json.loads((folder / "new.json").read_text())
    slow = next(row for row in slower["rows"] if row["of"] == "time")
    slow["ratio"] *= 10
    slow["spread"] = [slow["ratio"], slow["ratio"]]
    (folder / "slower.json").write_text(json.dumps(slower))
    assert "worse" in call(HERE / "compare", folder / "new.json", folder / "slower.json")

    # One program runs without the others; an unknown one, a missing one and a failing one fail, and are named.
    only = call(HERE / "run", BUILD, *QUICK, "payload_bench")
    assert "payload encode" in only and "hop" not in only
    assert "'nonesuch'" in call(HERE / "run", BUILD, "nonesuch", status=1)
    (folder / "build" / "bench").mkdir(parents=True)
    assert "span_bench is not in" in call(HERE / "run", folder / "build", "span_bench", status=1)
    failing = folder / "build" / "bench" / "span_bench"
    failing.write_text("#!/bin/sh\necho out of luck\nexit 3\n")
    failing.chmod(failing.stat().st_mode | stat.S_IXUSR)
    said = call(HERE / "run", folder / "build", "span_bench", status=1)
    assert "span_bench failed with status 3" in said and "out of luck" in said
