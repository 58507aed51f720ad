// Two vectors to the device, their sum back.
import { pickDevice } from './pick-device.mjs';

const device = pickDevice();
try {
  const x = device.from(new Float32Array([1, 2, 3]));
  const y = device.from(new Float32Array([4, 5, 6]));
  const z = device.add(x, y); // enqueued: returns at once
  console.log(await z.read()); // waits for it, without blocking the event loop
} finally {
  device.dispose(); // and with it all of its buffers
}
