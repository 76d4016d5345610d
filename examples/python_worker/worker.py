#!/usr/bin/python3
"""A worker in Python: the agent `critic`, which turns a pizza.pizza into a pizza.review.

It speaks docs/wire-format.md by python3-zmq and python3-msgpack, and takes its options from the command line or SKEIN_* as every worker
does. Attempts and what they publish hang on the trace of their input: the hub sees to that for a worker that sends no contexts of its
own. Only `review` and AGENT are about pizzas; the rest serves any agent.
"""
import argparse
import os
import re
import signal
import socket
import sys
import time

import msgpack
import zmq

HELLO, WELCOME, DELIVER, DONE, DONE_OK, STALE, BEAT, GOODBYE, HELLO_AGAIN, REFUSED = range(1, 11)
DRAIN = 17
OK, FAILED, RELEASED = 0, 1, 4
MAGIC = b"SKN\x1a\x00\x01"


def review(pizza):
    """The agent itself: payloads are maps by field name."""
    return [("pizza.review", 1, {"name": pizza["name"], "stars": 9 if pizza["price_eur"] < 12 else 4})]


AGENT = ["critic", "Judges pizzas by their price", [[0, ["pizza.pizza"]]], ["pizza.review"], [1, 5, 0, 1.0, 0, 0.0], 1]


def parse(data):
    """(kind, header, payloads) of a frame from the hub."""
    unpacker = msgpack.Unpacker(max_buffer_size=64 << 20)
    unpacker.feed(data[8:])
    return data[6], unpacker.unpack(), data[8 + unpacker.tell():]


class Worker:
    def __init__(self, options):
        self.name, self.instance = options.name, time.time_ns()
        self.stopping, self.welcomed, self.next_beat, self.last_number = False, False, 0.0, 0
        self.held, self.unanswered, self.started = {}, {}, {}    # by activation: attempts, DONE frames, the last attempt started
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger, self.socket.immediate, self.socket.sndtimeo = 5000, 1, 0   # what can't leave at once is repeated
        if options.key:
            self.socket.curve_publickey = read_key(options.key, "public-key")
            self.socket.curve_secretkey = read_key(options.key, "secret-key")
            self.socket.curve_serverkey = read_key(options.server_key, "public-key")
        self.socket.connect(options.connect)

    def send(self, kind, header, payloads=b""):
        try:
            self.socket.send(MAGIC + bytes([kind, 0]) + msgpack.packb(header) + payloads)
        except zmq.Again:                                        # not connected: again soon
            self.next_beat = 0.0

    def tick(self):
        """HELLO until WELCOME; then a BEAT, and every DONE that has no answer yet, once a second."""
        if time.monotonic() < self.next_beat:
            return
        self.next_beat = time.monotonic() + 1
        held = list(self.held.values())
        if self.stopping or not self.welcomed:
            self.send(HELLO, [1, 1, self.name, self.instance, 0 if self.stopping else 16, [AGENT], held, time.time_ns()])
        else:
            self.send(BEAT, [self.instance, self.last_number, held, [], time.time_ns()])
        for done in self.unanswered.values() if self.welcomed else ():
            self.send(*done)

    def run(self, delivery, payloads):
        attempt, activation = delivery[0], delivery[0][1]
        if self.started.get(activation, 0) >= attempt[2]:
            return                                               # the same delivery once more
        self.started[activation], self.held[activation] = attempt[2], attempt
        if len(self.started) > 100_000:                          # late copies of a DELIVER come soon or never
            self.started.pop(next(iter(self.started)))
        start, error, children, bodies = time.time_ns(), ("", ""), [], b""
        outcome = RELEASED if self.stopping else OK
        try:
            for type_name, version, value in [] if self.stopping else review(msgpack.unpackb(payloads[delivery[3][0]])):
                body = msgpack.packb(value)
                children.append([type_name, version, len(body)])
                bodies += body
        except Exception as failed:                              # the hub retries, or reports it
            outcome, error, children, bodies = FAILED, (type(failed).__name__, str(failed)), [], b""
        end = time.time_ns()
        ended = [attempt, outcome, *error, end - start, children, [], [], end]
        self.unanswered[activation] = (DONE, [[ended]], bodies)
        self.send(*self.unanswered[activation])

    def hear(self, data):
        kind, header, rest = parse(data)
        if kind == WELCOME and header[1] == self.instance and not self.welcomed:
            self.welcomed, self.next_beat = True, 0.0            # and every DONE that has no answer once more
        elif kind == DELIVER:
            payloads = []
            for artifact in header[1]:
                payloads.append(rest[:artifact[4]])
                rest = rest[artifact[4]:]
            self.last_number = max(self.last_number, header[0])
            for delivery in header[2]:
                self.run(delivery, payloads)
        elif kind in (DONE_OK, STALE):
            if self.held.get(header[0][1]) == header[0]:         # not an earlier attempt's
                del self.held[header[0][1]], self.unanswered[header[0][1]]
        elif kind == HELLO_AGAIN:
            self.welcomed, self.next_beat = False, 0.0
        elif kind == DRAIN:
            self.stop()
        elif kind == REFUSED:
            sys.exit(f"{self.name}: the hub refused this worker: {header[1]}")

    def stop(self):
        """Leaves: HELLO without credit, so that no more comes; what comes all the same is given back."""
        if not self.stopping:
            self.stopping, self.next_beat = True, 0.0

    def serve(self):
        for which in (signal.SIGTERM, signal.SIGINT):
            signal.signal(which, lambda *_: self.stop())
        while not (self.stopping and not self.held):
            self.tick()
            if self.socket.poll(100):
                self.hear(self.socket.recv())
        self.send(GOODBYE, [self.instance])
        self.socket.close()
        zmq.Context.instance().term()                            # waits for GOODBYE to leave: the interpreter would not


def read_key(path, which):
    found = re.search(rf"^{which}\s*=\s*(\S+)", open(path, encoding="utf-8").read(), re.MULTILINE)
    return found[1].encode() if found else sys.exit(f"{path}: there is no {which} in this file")


def main():
    parser = argparse.ArgumentParser(description="The agent critic, in Python.")
    for option in ("connect", "key", "server-key", "name"):
        parser.add_argument("--" + option, default=os.environ.get("SKEIN_" + option.upper().replace("-", "_"), ""))
    options = parser.parse_args()
    if not options.connect or bool(options.key) != bool(options.server_key):
        parser.error("--connect is needed, and --key and --server-key go together")
    options.name = options.name or f"python-{socket.gethostname()}-{os.getpid()}"
    Worker(options).serve()


if __name__ == "__main__":
    main()
