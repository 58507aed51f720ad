// Events mark points of a stream: they take device time, and let one stream wait for another.
import { pickDevice } from './pick-device.mjs';

const device = pickDevice();
try {
  const [m, n, k] = [64, 64, 64];
  const a = device.alloc('float32', m * k).fill(1);
  const b = device.alloc('float32', k * n).fill(2);

  const start = device.createEvent();
  const end = device.createEvent();
  start.record();
  device.matmul(a, b, { m, n, k });
  end.record();

  // On another stream, with no buffer in common: only the event orders it.
  const other = device.createStream();
  const after = device.createEvent();
  other.waitFor(end);
  after.record(other);

  await after.synchronize();
  console.log(`the other stream waited: ${end.query() && end.elapsedMs(after) >= 0}`);
  console.log(`product took ${start.elapsedMs(end).toFixed(3)} ms of device time`);
} finally {
  device.dispose();
}
