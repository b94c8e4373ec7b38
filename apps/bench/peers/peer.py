"""What the Python peers share: requests and answers as lines of JSON on stdin and stdout, as in src/protocol.ts."""

import json
import sys
import time

import numpy as np


def serve(version, threads, prepare):
    """Says hello, then answers requests until stdin ends.

    `prepare(spec, inputs)` reads nothing and returns `(run, value)`: `run(repeats)` computes that often and waits for the result, `value()` is
    the loss or the checksum of the last run.
    """
    answers = sys.stdout
    sys.stdout = sys.stderr  # Whatever a library prints is not an answer.

    def say(line):
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    say({"version": version, "threads": threads})
    name, run, value = None, None, None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if request["workload"] != name:
                name, run, value = None, None, None  # Memory of the one before is free again.
                run, value = prepare(request["spec"], read_inputs(request["data"]))
                name = request["workload"]
            start = time.perf_counter()
            run(request["repeats"])
            ms = (time.perf_counter() - start) * 1000 / request["repeats"]
            say({"ms": ms, "value": value()})
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


def read_inputs(data):
    """The inputs of a workload by name: float32 arrays."""
    numbers = np.fromfile(data["file"], dtype="<f4")
    return {
        name: numbers[tensor["offset"] : tensor["offset"] + int(np.prod(tensor["shape"]))].reshape(tensor["shape"]).copy()
        for name, tensor in data["tensors"].items()
    }


def checksum(y):
    """As in src/checksum.ts."""
    y = np.abs(np.asarray(y, dtype=np.float64).ravel())
    return float(np.mean(y * (1 + np.arange(y.size) % 7)))
