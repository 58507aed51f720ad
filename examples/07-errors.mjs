// Errors have a class, a stable code and, where CUDA was asked, its status.
import { cuda } from 'nodecuda';
import { pickDevice } from './pick-device.mjs';

function attempt(what, action) {
  try {
    action();
  } catch (error) {
    console.log(`${what}: ${error.name} ${error.code}\n  ${error.message}`);
  }
}

const device = pickDevice();
try {
  const x = device.from(new Float32Array([1, 2, 3]));

  attempt('other length', () => device.add(x, device.alloc('float32', 4)));
  attempt('other dtype', () => device.add(x, device.alloc('int32', 3)));
  attempt('a negative size', () => device.alloc('float32', -1));
  attempt('a petabyte', () => device.alloc('uint8', 2 ** 50));

  x.dispose();
  attempt('used after dispose', () => x.fill(0));
  attempt('no such GPU', () => cuda.device(63));

  // None of these harmed the device.
  const y = device.from(new Float32Array([1, 2]));
  console.log(await device.add(y, y).read());
} finally {
  device.dispose();
}
