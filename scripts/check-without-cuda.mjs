// A smoke test of a build without the CUDA toolkit (build/Release): it says so, and the simulated
// device works.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
assert.equal(require('../build/Release/nodecuda.node').buildInfo().withCuda, false);

const { cuda, matmulSync, CudaUnavailableError } = require('../dist/index.js');
assert.equal(cuda.deviceCount(), 0);
assert.equal(cuda.diagnose().reason, 'ERR_CUDA_NOT_BUILT');
assert.throws(() => cuda.device(), CudaUnavailableError);

const device = cuda.simulatedDevice();
const sum = device.add(
  device.from(new Float32Array([1, 2])),
  device.from(new Float32Array([3, 4])),
);
assert.deepEqual(sum.readSync(), new Float32Array([4, 6]));
assert.equal(typeof matmulSync, 'function');
device.dispose();
console.log(`without CUDA: ${cuda.diagnose().reason}; the simulated device works`);
