// Typed arrays in, typed array out, on the default device: the first GPU. To run it without one:
//   NODECUDA_SIMULATE=1 node examples/03-host-matmul.mjs
import { cuda, matmul } from 'nodecuda';

const m = 2;
const n = 2;
const k = 3;
const a = new Float32Array([1, 2, 3, 4, 5, 6]); // (m, k), row-major
const b = new Float32Array([7, 8, 9, 10, 11, 12]); // (k, n)

if (cuda.isAvailable()) {
  console.log(await matmul(a, b, { m, n, k })); // (m, n)
} else {
  const { message, hint } = cuda.diagnose();
  console.log(`no GPU: ${message}\n${hint}`);
}
