"""PyTorch, CuPy or NumPy as a peer: `python3 peer.py torch|cupy|numpy`. See README.md.

Answers one line of JSON to each line of its input. Work is a function without arguments that
enqueues it once more and returns its output; operands come in sets that are used in turn.
"""

import json
import math
import sys
import time
from functools import lru_cache
from itertools import cycle

PERIOD = 16777213
SIGNIFICANT_BITS = {"float32": 24, "float16": 11, "bfloat16": 8, "int8": 8}


class Skip(Exception):
    """The work cannot be done here: not an error."""


def hash32(seed, count):
    h = np.arange(count, dtype=np.uint32)
    h *= np.uint32(0x9E3779B1)
    h += np.uint32(seed * 0x85EBCA6B % 2**32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    return h


@lru_cache(maxsize=4)
def period(dtype, seed, count):
    h = hash32(seed, count)
    if dtype == "float64":
        steps = h.astype(np.uint64) << np.uint64(21)
        steps |= (hash32(seed + 16, count) >> np.uint32(11)).astype(np.uint64)
        data = steps.astype(np.float64) * 2.0**-52 - 1
    elif dtype == "int8":
        data = ((h >> np.uint32(24)).astype(np.int16) - 128).astype(np.int8)
    else:
        bits = SIGNIFICANT_BITS[dtype]
        data = (h >> np.uint32(32 - bits)).astype(np.float32) / 2.0 ** (bits - 1) - 1
        data = data.astype(np.float16 if dtype == "float16" else np.float32)
    return data


def host_numbers(dtype, seed, length):
    """The numbers of README.md; bfloat16 as float32, which holds them exactly."""
    data = period(dtype, seed, min(length, PERIOD))
    return np.resize(data, length) if length > PERIOD else data


class Library:
    """What the three have in common. A subclass has `name`, `ready`, and says what differs."""

    def prepare(self, operation, options):
        self.release()
        self.options = options
        self.on_host = options.get("place") == "host"
        make = getattr(self, "make_" + operation, None)
        if make is None:
            raise Skip(f"has no {operation}")
        self.work = make()
        self.run(1)

    def text(self, key, default=None):
        return self.options.get(key, default)

    def number(self, key, default=0):
        return int(self.options.get(key, default))

    def release(self):
        self.work = self.output = None

    def run(self, times):
        if self.text("operation") == "enqueue":
            return self.enqueue_ns(times)
        if self.on_host or self.text("operation") == "copy":
            return self.host_ns(times)
        return self.device_ns(times)

    def host_ns(self, times):
        start = time.perf_counter_ns()
        for _ in range(times):
            self.output = self.work()
            self.synchronize()
        return time.perf_counter_ns() - start

    def enqueue_ns(self, times):
        """The queue must not be full: it is emptied now and then, outside the time."""
        total = 0
        while times > 0:
            batch = min(times, 256)
            start = time.perf_counter_ns()
            for _ in range(batch):
                self.output = self.work()
            total += time.perf_counter_ns() - start
            self.synchronize()
            times -= batch
        return total

    def sets(self, *shapes):
        """Endless sets of operands: of each shape one, filled with the numbers of its seed."""
        dtype = self.text("dtype", "float32")
        copies = []
        for seed, shape in enumerate(shapes, start=1):
            host = host_numbers(dtype, seed, math.prod(shape)).reshape(shape)
            first = host if self.on_host else self.upload(host, dtype)
            count = 1 if self.on_host else self.number("sets", 1)
            copies.append([first] + [self.copy(first) for _ in range(count - 1)])
        return cycle(list(zip(*copies)))

    # Operations are enqueued in the way a user of the library would write them.

    def make_add(self):
        length = (self.number("length"),)
        sets = self.sets(length, length)
        if self.on_host:
            return lambda: self.download(self.plus(*map(self.upload_again, next(sets))))
        out = cycle([self.empty_like(x) for x, _ in self.take(sets)])
        return lambda: self.plus(*next(sets), next(out))

    def make_matmul(self):
        m, n, k = (self.number(key) for key in "mnk")
        batches = self.number("batches", 1)
        lead = () if batches == 1 else (batches,)
        turned = [self.number("transposeA"), self.number("transposeB")]
        shapes = [lead + ((k, m) if turned[0] else (m, k)), lead + ((n, k) if turned[1] else (k, n))]
        sets = self.sets(*shapes)
        self.set_precision(self.text("precision", "ieee"))

        def operand(stored, transposed):
            return stored.swapaxes(-1, -2) if transposed else stored

        if self.on_host:
            return lambda: self.download(self.multiply(*map(self.upload_again, next(sets))))
        return lambda: self.multiply(*map(operand, next(sets), turned))

    def make_sum(self):
        sets = self.sets((self.number("length"),))
        return lambda: next(sets)[0].sum()

    def make_max(self):
        sets = self.sets((self.number("length"),))
        return lambda: next(sets)[0].max()

    def take(self, sets):
        return [next(sets) for _ in range(self.number("sets", 1))]


class Numpy(Library):
    def __init__(self):
        self.ready = {"NumPy": np.__version__, "Python": sys.version.split()[0]}

    def prepare(self, operation, options):
        if options.get("place") != "host":
            raise Skip("works in host memory only")
        super().prepare(operation, options)

    def synchronize(self):
        pass

    def plus(self, x, y):
        return np.add(x, y)

    def multiply(self, a, b):
        return np.matmul(a, b)

    def set_precision(self, precision):
        if precision != "ieee":
            raise Skip(f"has no {precision}")

    def upload_again(self, host):
        return host

    def download(self, result):
        return result

    def sample(self, indices):
        return self.output.reshape(-1)[indices].astype(np.float64)


class Torch(Library):
    def __init__(self):
        import torch

        self.torch = torch
        if not torch.cuda.is_available():
            raise Skip("PyTorch finds no GPU")
        self.ready = {"PyTorch": torch.__version__, "CUDA of PyTorch": torch.version.cuda}
        self.start, self.end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def synchronize(self):
        self.torch.cuda.synchronize()

    def release(self):
        super().release()
        self.torch.cuda.empty_cache()

    def device_ns(self, times):
        self.start.record()
        for _ in range(times):
            self.output = self.work()
        self.end.record()
        self.end.synchronize()
        return self.start.elapsed_time(self.end) * 1e6

    def dtype(self, name):
        return getattr(self.torch, name)

    def upload(self, host, dtype):
        return self.torch.from_numpy(host).cuda().to(self.dtype(dtype))

    def upload_again(self, host):
        return self.torch.from_numpy(host).cuda()

    def download(self, result):
        return result.cpu().numpy()

    def copy(self, x):
        return x.clone()

    def empty_like(self, x):
        return self.torch.empty_like(x)

    def plus(self, x, y, out=None):
        return self.torch.add(x, y, out=out)

    def multiply(self, a, b):
        if self.text("dtype") == "int8":
            return self.torch._int_mm(a, b)
        return self.torch.matmul(a, b)

    def set_precision(self, precision):
        self.torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")

    def make_mul(self):
        length = (self.number("length"),)
        sets = self.sets(length, length)
        out = cycle([self.empty_like(x) for x, _ in self.take(sets)])
        return lambda: self.torch.mul(*next(sets), out=next(out))

    def make_relu(self):
        sets = self.sets((self.number("length"),))
        return lambda: self.torch.relu(next(sets)[0])

    def make_softmax(self):
        sets = self.sets((self.number("rows"), self.number("columns")))
        return lambda: self.torch.softmax(next(sets)[0], dim=-1)

    def make_transpose(self):
        sets = self.sets((self.number("rows"), self.number("columns")))
        return lambda: next(sets)[0].t().contiguous()

    def make_convert(self):
        sets = self.sets((self.number("length"),))
        to = self.dtype(self.text("to"))
        return lambda: next(sets)[0].to(to)

    def make_copy(self):
        length = self.number("bytes") // 4
        host = self.torch.from_numpy(host_numbers("float32", 1, length))
        pinned = self.text("memory") == "pinned"
        if pinned:
            host = host.pin_memory()
        device = host.cuda()
        direction = self.text("direction")
        if direction == "host-to-device":
            return lambda: device.copy_(host, non_blocking=pinned)
        if direction == "device-to-host":
            destination = self.torch.empty(length, pin_memory=pinned)
            return lambda: destination.copy_(device, non_blocking=pinned)
        raise Skip("only copies between host and device are asked for")

    def make_enqueue(self):
        numbers = self.torch.rand(64, 64, device="cuda")
        x, y, out = (numbers.clone() for _ in range(3))
        if self.text("work") == "matmul":
            return lambda: self.torch.matmul(x, y, out=out)
        x, y, out = x[:16], y[:16], out[:16]
        return lambda: self.torch.add(x, y, out=out)

    def sample(self, indices):
        flat = self.torch.as_tensor(self.output).reshape(-1)
        return flat[self.torch.tensor(indices, device=flat.device)].double().cpu().numpy()


class Cupy(Library):
    def __init__(self):
        import cupy

        self.cupy = cupy
        self.ready = {"CuPy": cupy.__version__}
        self.start, self.end = (cupy.cuda.Event() for _ in range(2))

    def synchronize(self):
        self.cupy.cuda.get_current_stream().synchronize()

    def release(self):
        super().release()
        self.cupy.get_default_memory_pool().free_all_blocks()

    def device_ns(self, times):
        self.start.record()
        for _ in range(times):
            self.output = self.work()
        self.end.record()
        self.end.synchronize()
        return self.cupy.cuda.get_elapsed_time(self.start, self.end) * 1e6

    def upload(self, host, dtype):
        if dtype == "bfloat16":
            raise Skip("has no bfloat16")
        return self.cupy.asarray(host)

    def upload_again(self, host):
        return self.cupy.asarray(host)

    def download(self, result):
        return self.cupy.asnumpy(result)

    def copy(self, x):
        return x.copy()

    def empty_like(self, x):
        return self.cupy.empty_like(x)

    def plus(self, x, y, out=None):
        return self.cupy.add(x, y, out=out)

    def multiply(self, a, b):
        return self.cupy.matmul(a, b)

    def set_precision(self, precision):
        if precision != "ieee" or self.text("dtype") == "int8":
            raise Skip("is measured with its defaults only")

    def make_transpose(self):
        sets = self.sets((self.number("rows"), self.number("columns")))
        return lambda: self.cupy.ascontiguousarray(next(sets)[0].T)

    def make_convert(self):
        if self.text("to") == "bfloat16":
            raise Skip("has no bfloat16")
        sets = self.sets((self.number("length"),))
        to = self.text("to")
        return lambda: next(sets)[0].astype(to)

    def make_enqueue(self):
        numbers = self.cupy.random.rand(64, 64, dtype=self.cupy.float32)
        x, y, out = (numbers.copy() for _ in range(3))
        if self.text("work") == "matmul":
            return lambda: self.cupy.matmul(x, y, out=out)
        x, y, out = x[:16], y[:16], out[:16]
        return lambda: self.cupy.add(x, y, out=out)

    def sample(self, indices):
        return self.cupy.asnumpy(self.output.reshape(-1)[indices]).astype(np.float64)


def answer(library, line):
    verb, *words = line.split()
    if verb == "prepare":
        options = dict(word.split("=", 1) for word in words[1:])
        options["operation"] = words[0]
        library.prepare(words[0], options)
    elif verb == "run":
        return {"ns": library.run(int(words[0]))}
    elif verb == "sample":
        values = library.sample([int(index) for index in words[0].split(",")])
        return {"values": [float(v) if math.isfinite(v) else None for v in values]}
    elif verb == "release":
        library.release()
    else:
        raise ValueError(f"unknown request: {verb}")
    return {"ok": True}


def reply(message):
    print(json.dumps(message), flush=True)


def words_of(error):
    return f"{type(error).__name__}: {error}".split("\n", 1)[0][:300]


def main():
    try:
        library = {"torch": Torch, "cupy": Cupy, "numpy": Numpy}[sys.argv[1]]()
    except Exception as error:  # whatever keeps a library from working, it is not there
        return reply({"skip": str(error) if isinstance(error, Skip) else words_of(error)})
    reply({"ready": library.ready})
    for line in sys.stdin:
        try:
            reply(answer(library, line))
        except Skip as skip:
            reply({"skip": str(skip)})
        except Exception as error:
            # A library that cannot do some work says so by an error of its own.
            refused = line.startswith("prepare")
            reply({"skip" if refused else "error": words_of(error)})


try:
    import numpy as np
except ImportError as error:
    reply({"skip": words_of(error)})
else:
    main()
