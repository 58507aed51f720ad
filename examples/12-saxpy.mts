// A kernel of your own, from the PTX that nvcc made of kernels/saxpy.cu: loaded, checked, launched.
import { cuda } from 'nodecuda';

// `using` disposes at the end of the file or block, in reverse order, also after an error.
using device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
console.log(`using ${device.name}`);

// A URL finds the file beside this one, wherever the program is started.
using module = device.loadModule(new URL('./kernels/saxpy.ptx', import.meta.url));
// The signature is checked against what the kernel itself declares, here; arguments against the
// signature, by TypeScript and again at each launch. `const` is what the kernel only reads.
using saxpy = module.kernel('saxpy', ['float32', 'const float32*', 'float32*', 'uint32']);

const n = 100_000;
const a = 2;
const x = Float32Array.from({ length: n }, (_, i) => i % 1000);
const y = Float32Array.from({ length: n }, (_, i) => i % 77);
using xs = device.from(x);
using ys = device.from(y);

const block = 256;
const grid = Math.ceil(n / block); // enough blocks for all; the kernel itself leaves out the rest
saxpy.launch({ grid, block }, a, xs, ys, n); // enqueued: returns at once

const result = await ys.read(); // waits for the kernel, without blocking the event loop
const wrong = result.filter((value, i) => value !== a * x[i]! + y[i]!).length;
console.log(`${n} elements, ${wrong} wrong`);

// A mistake is an error before anything reaches the device, which stays usable.
try {
  using integers = device.alloc('int32', n);
  // @ts-expect-error: TypeScript sees it, too.
  saxpy.launch({ grid, block }, a, integers, ys, n);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.log(`refused: ${error.message}`);
}
