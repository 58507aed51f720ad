// A program with no types but those of the language, `lib: ["es2022"]`: no @types/node, no DOM.
import { cuda, type DeviceBuffer } from 'nodecuda';

export async function twice(values: Float32Array): Promise<Float32Array> {
  using device = cuda.device();
  using x: DeviceBuffer<'float32'> = device.from(values);
  return device.add(x, x).read();
}
