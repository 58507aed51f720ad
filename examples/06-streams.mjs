// Work on two streams may overlap. Uses of one buffer are ordered automatically.
import { pickDevice } from './pick-device.mjs';

const device = pickDevice();
try {
  const upload = device.createStream();
  const compute = device.createStream();
  const x = device.alloc('float64', 1000);
  const y = device.alloc('float64', 1000);

  x.fill(1.5, { stream: upload });
  y.fill(2, { stream: upload });
  // On another stream: waits for the fills, because it uses what they write.
  const sum = device.add(x, y, { stream: compute });

  await compute.synchronize();
  console.log((await sum.read()).every((value) => value === 3.5));

  upload.dispose();
  compute.dispose();
} finally {
  device.dispose();
}
