// Mistakes that the types must find. Each line below a @ts-expect-error fails to compile; that it
// compiles would be an error itself.
import { cuda, type Device, DeviceBuffer, elementwise, matmul, reduction, scan } from 'nodecuda';

export function mistakes(device: Device): void {
  const x = device.alloc('float32', 4);
  const ints = device.alloc('int32', 4);
  const shape = { m: 2, n: 2, k: 2 };

  // @ts-expect-error there is no such family
  device.preload(['fft']);
  // @ts-expect-error there is no such event
  device.on('print', () => {});
  // @ts-expect-error the listener gets text
  device.on('printf', (text: number) => text);
  // @ts-expect-error there is no such dtype
  device.alloc('float', 4);
  // @ts-expect-error a length is a number
  device.alloc('float32', '4');
  // @ts-expect-error there is no such option
  device.alloc('float32', 4, { zeroed: true });
  // @ts-expect-error dtypes differ
  device.add(x, ints);
  // @ts-expect-error the dtype of out differs
  device.add(x, x, { out: ints });
  // @ts-expect-error dtypes differ
  device.sub({ buffer: x, shape: [4] }, ints);
  // @ts-expect-error int32 takes no bigint
  device.mul(ints, 2n);
  // @ts-expect-error integers have no square root
  device.sqrt(ints);
  // @ts-expect-error the result is an int8
  device.convert(x, 'int8', { out: x });
  // @ts-expect-error matrices are float32 or float64
  device.matmul(ints, ints, shape);
  // @ts-expect-error k is missing
  device.matmul(x, x, { m: 2, n: 2 });
  // @ts-expect-error dtypes differ
  x.copyFrom(ints);
  // @ts-expect-error an array of numbers is no typed array
  x.write([1, 2, 3]);
  // @ts-expect-error an ArrayBuffer is no view
  x.write(new ArrayBuffer(4));
  // @ts-expect-error int32 takes no bigint
  ints.fill(1n);
  // @ts-expect-error a float32 is read as a Float32Array
  const wrong: Float64Array = x.readSync();
  // @ts-expect-error properties are read-only
  x.length = 3;
  // @ts-expect-error properties are read-only
  device.name = 'mine';
  // @ts-expect-error an array of numbers is no typed array
  device.from([1, 2, 3]);
  // @ts-expect-error made by device.alloc
  new DeviceBuffer();
  // @ts-expect-error an object that looks like one is none
  const fake: Device = { ...device };
  // @ts-expect-error an index is a number
  cuda.device('0');
  // @ts-expect-error arrays of two kinds
  matmul(new Float32Array(4), new Float64Array(4), shape);
  // @ts-expect-error the host's product has no stream
  matmul(new Float32Array(4), new Float32Array(4), { ...shape, stream: device.defaultStream });
  // @ts-expect-error a sum of float32 is none of int32
  device.sum(x, { outDtype: 'int32' });
  // @ts-expect-error a maximum has the dtype of its operand
  device.max(x, { out: ints });
  // @ts-expect-error there is no softmax of integers
  device.softmax(ints);
  // @ts-expect-error a matrix has columns
  device.transpose(x, { rows: 2 });
  void [wrong, fake];
}

export function expressions(device: Device): void {
  const x = device.alloc('float32', 4);
  const ints = device.alloc('int32', 4);
  const sum = { map: 'x', reduce: 'a + b', identity: 0 };

  // @ts-expect-error float is no dtype
  elementwise('float x', 'float32 z', 'z = x');
  // @ts-expect-error X is no variable
  elementwise('float32 x', 'X z', 'z = x');
  // @ts-expect-error a parameter has a name
  elementwise('float32 x, float32', 'float32 z', 'z = x');
  // @ts-expect-error there is no such option
  elementwise('float32 x', 'float32 z', 'z = x', { block: 256 });
  const f = elementwise('float32 x, const int32 k', 'float32 z', 'z = k * x');
  // @ts-expect-error too few
  f(x);
  // @ts-expect-error another dtype
  f(ints, 2);
  // @ts-expect-error const takes no buffer
  f(x, ints);
  // @ts-expect-error int32 takes no bigint
  f(x, 2n);
  // @ts-expect-error the dtype of out differs
  f(x, 2, { out: ints });
  // @ts-expect-error too many
  f(x, 2, {}, {});
  const g = elementwise('T x, T y, raw T table', 'T z, int32 c', 'z = x + y; c = i');
  // @ts-expect-error x makes T float32
  g(x, ints, x);
  // @ts-expect-error raw takes no number
  g(x, x, 5);
  // @ts-expect-error there are two results
  g(x, x, x, { out: x });
  // @ts-expect-error the second is int32
  g(x, x, x, { out: [x, x] });
  // @ts-expect-error there is no identity
  reduction('float32 x', 'float32 y', { map: 'x', reduce: 'a + b' });
  // @ts-expect-error another dtype
  reduction('float32 x', 'float32 y', sum)(ints);
  // @ts-expect-error the dtype of out differs
  reduction('float32 x', 'float32 y', sum)(x, { out: ints });
  // @ts-expect-error there is no such dtype
  scan('float', 'a + b', { identity: 0 });
  // @ts-expect-error another dtype
  scan('float32', 'a + b', { identity: 0 })(ints);
  // @ts-expect-error a scan is of a buffer
  scan('T', 'a + b', { identity: 0 })(5);
}
