/** Names that both the cases and the goals know. */

export const NODECUDA = 'nodecuda, in device memory';
export const HOST_TO_HOST = 'nodecuda, host to host';
export const LOOP_IJK = 'JavaScript loops i-j-k';
export const LOOP_IKJ = 'JavaScript loops i-k-j';
export const TFJS = 'tfjs wasm';
/** On the device, of as many bytes as the work beside it moves. */
export const COPY = 'device-to-device copy';

export const CUBLAS = 'cuBLAS';
export const CUB = 'CUB';
export const PYTORCH = 'PyTorch';
export const CUPY = 'CuPy';
export const NUMPY = 'NumPy';

export const ENQUEUE = 'enqueue add on the do-nothing runtime';
export const ENQUEUE_MATMUL = 'enqueue matmul on the do-nothing runtime';
export const ENQUEUE_GPU = 'enqueue add';
export const ENQUEUE_GPU_MATMUL = 'enqueue matmul';
export const FROM_API = 'device.add(x, y, { out })';
export const FROM_API_MATMUL = 'device.matmul(a, b, { m, n, k, out })';
export const FROM_NATIVE = 'the native function, from JavaScript';
export const FROM_CPP = 'the same calls from C++';

export const LAUNCH = 'launch of an own kernel on the do-nothing runtime';
export const FROM_LAUNCH = 'kernel.launch(options, four arguments)';
export const FROM_UNTYPED = 'the same without a signature';
export const FROM_PREPARED = 'prepared.run()';
export const FROM_PREPARED_CPP = 'the prepared launch from C++';
export const FROM_FFI = 'node:ffi, a function with the arguments of cuLaunchKernel';
export const EMPTY_CALL = 'an empty Node-API call';

export const ROUND_TRIP = 'launch of 256 threads, and wait';
export const BLOCKING = 'prepared.run(); device.synchronizeSync()';
export const AWAITED = 'prepared.run(); await device.synchronize()';
export const READ_BACK = 'prepared.run(); await buffer.read(result)';

export const IMPORT = 'import';
export const REQUIRE = "node, require('nodecuda')";
export const EMPTY = 'node, empty program';

/** Of square matrices, row-major and not transposed. `type`: `bfloat16`, `float32 tf32`. */
export function matmulName(n: number, type = 'float32'): string {
  return `matmul ${type} ${n}`;
}

/** From typed arrays to a typed array. */
export function hostMatmulName(n: number): string {
  return `matmul float32 ${n}, host to host`;
}

export function addName(power: number, dtype = 'float32'): string {
  return `add ${dtype} 2^${power}`;
}
