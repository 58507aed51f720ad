import type { Device } from '../../lib/index.js';
import { type FaultyDevice, openFaultyDevice } from './devices.js';
import { failure } from './errors.js';

/** That `action` fails as expected, without a CUDA call. */
export async function refusedBy(
  faulty: FaultyDevice,
  action: () => unknown,
  expected: object,
): Promise<void> {
  faulty.clearLog();
  expect(await failure(action)).toMatchObject(expected);
  expect(faulty.log()).toEqual([]);
}

/** How often work makes each of the calls that fail in `expectNoLeaks`. */
export interface FailingCalls {
  readonly MallocFromPoolAsync: number;
  readonly LaunchKernelExC: number;
}

const FAILURES = [
  { call: 'MallocFromPoolAsync', status: 2, mode: 'persistent' },
  { call: 'LaunchKernelExC', status: 701, mode: 'once' },
] as const;

/**
 * That `work`, which makes so many CUDA calls, leaves no memory allocated whichever of them fails.
 * It runs on a device of its own: what other tests dropped may be freed at any time.
 */
export async function expectNoLeaks(
  work: (device: Device) => void,
  calls: FailingCalls,
): Promise<void> {
  const faulty = openFaultyDevice();
  const { device } = faulty;
  work(device);
  await device.synchronize();
  const { currentCount } = device.memoryStats();
  const { allocations } = faulty.live();
  for (const { call, status, mode } of FAILURES) {
    for (let nth = 1; nth <= calls[call] + 1; nth++) {
      faulty.fail(call, nth, status, mode);
      let failed = false;
      try {
        work(device);
      } catch (error) {
        failed = true;
        expect(error).toMatchObject({ status, fatal: false });
      }
      faulty.clear();
      expect([call, nth, failed]).toEqual([call, nth, nth <= calls[call]]); // all, and no other
      await device.synchronize();
      expect(device.memoryStats().currentCount).toBe(currentCount);
      expect(faulty.live().allocations).toBe(allocations);
    }
  }
}
