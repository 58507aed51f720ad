import { cuda } from 'nodecuda';

/** The first GPU, or the simulated device where there is none. Says which, so nobody is misled. */
export function pickDevice() {
  const device = cuda.isAvailable() ? cuda.device() : cuda.simulatedDevice();
  console.log(`using ${device.name}`);
  return device;
}
