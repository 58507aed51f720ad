/** Names that both the cases and the goals know. */

export const NODECUDA = 'nodecuda, in device memory';
export const LOOP_IJK = 'JavaScript loops i-j-k';
export const LOOP_IKJ = 'JavaScript loops i-k-j';

export const ENQUEUE = 'enqueue add on the do-nothing runtime';
export const FROM_API = 'device.add(x, y, { out })';
export const FROM_CPP = 'the same calls from C++';

export const IMPORT = 'import';
export const REQUIRE = "node, require('nodecuda')";
export const EMPTY = 'node, empty program';

export function matmulName(n: number): string {
  return `matmul float32 ${n}`;
}
