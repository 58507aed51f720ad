// What only TypeScript 5.7 and newer can say: that an array is over memory that is not shared.
import { type Device, matmul, matmulSync } from 'nodecuda';

export async function plain(device: Device): Promise<ArrayBuffer[]> {
  const floats: Float32Array<ArrayBuffer> = await device.alloc('float32', 4).read();
  const bigs: BigUint64Array<ArrayBuffer> = device.alloc('uint64', 4).readSync({ length: 2 });
  const halves: Uint16Array<ArrayBuffer> = await device.alloc('float16', 4).read();
  const shape = { m: 2, n: 2, k: 2 };
  const product: Float32Array<ArrayBuffer> = await matmul(floats, floats, shape);
  const doubles = new Float64Array(4);
  const double: Float64Array<ArrayBuffer> = matmulSync(doubles, doubles, shape);
  const shared = new Float32Array(new SharedArrayBuffer(16));
  const same: Float32Array<SharedArrayBuffer> = await device.alloc('float32', 4).read(shared);
  const out: Float32Array<SharedArrayBuffer> = await matmul(floats, shared, {
    ...shape,
    out: shared,
  });
  void [same, out];
  return [floats, bigs, halves, product, double].map(({ buffer }) => buffer);
}
