// Parts of buffers, without a round trip through the host.
import { pickDevice } from './pick-device.mjs';

const device = pickDevice();
try {
  const buffer = device.alloc('int32', 8); // zeroed
  buffer.slice(2, 6).fill(7); // a view: it writes into buffer
  await buffer.write(new Int32Array([1, 2]), { offset: 6 });
  console.log(await buffer.read()); // 0 0 7 7 7 7 1 2

  const other = device.alloc('int32', 4);
  other.copyFrom(buffer, { sourceOffset: 4, length: 4 });
  console.log(await other.read()); // 7 7 1 2

  console.log(await buffer.read({ offset: 6, length: 2 })); // 1 2
  console.log(device.memoryStats());
} finally {
  device.dispose();
}
