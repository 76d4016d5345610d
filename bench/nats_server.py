"""The server of the peer NATS: on a port of the loopback, its files in a temporary folder, for as long as a measurement takes."""
import contextlib
import json
import shutil
import subprocess
import time

from report import Failure

PROGRAM = "nats-server"


def installed():
    return shutil.which(PROGRAM) is not None


@contextlib.contextmanager
def running(files):
    """Gives the address. `files`: a folder for its store; on a disk, as ours are."""
    folder = files / "nats"
    folder.mkdir()
    server = subprocess.Popen([PROGRAM, "--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir", folder, "--ports_file_dir", folder],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield address(server, folder / f"{PROGRAM}_{server.pid}.ports")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def address(server, file):
    """It picks a free port and writes the file when it listens."""
    for _ in range(200):
        with contextlib.suppress(OSError, ValueError):
            return json.loads(file.read_text())["nats"][0]
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise Failure(f"{PROGRAM} does not listen")
