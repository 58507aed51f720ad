// The explanations, for what machines of all kinds answer. What this machine says is in cuda.test.ts.
import type { NativeProbe } from '../../../lib/addon/types.js';
import {
  explain,
  explainAvailable,
  type Findings,
  versionText,
} from '../../../lib/cuda/diagnose.js';

function found(probe: Partial<NativeProbe>, more: Partial<Findings> = {}) {
  return explain({
    probe: {
      status: 0,
      statusName: 'cudaErrorSomething',
      deviceCount: 0,
      driverVersion: 13000,
      runtimeVersion: 13000,
      ...probe,
    },
    withCuda: true,
    libraryPaths: ['/usr/lib64/libcuda.so.1'],
    deviceFiles: true,
    visibleDevices: undefined,
    ...more,
  });
}

test('devices', () => {
  const words = { reason: null, hint: '' };
  expect(explainAvailable(1, false)).toEqual({ ...words, message: '1 GPU found' });
  expect(explainAvailable(2, true)).toEqual({ ...words, message: '2 simulated devices found' });
});

test('no driver: CUDA says 35 there too', () => {
  const explanation = found(
    { status: 35, driverVersion: 0 },
    { libraryPaths: [], deviceFiles: false },
  );
  expect(explanation.reason).toBe('ERR_CUDA_NO_DRIVER');
  expect(explanation.message).toMatch(/libcuda\.so\.1 was not found/);
  expect(explanation.hint).toMatch(/580.*--gpus all/);
});

test('no driver, though the kernel module has files: a container', () => {
  const explanation = found({ status: 35, driverVersion: 0 }, { libraryPaths: [] });
  expect(explanation).toMatchObject({ reason: 'ERR_CUDA_NO_DRIVER' });
  expect(explanation.message).toMatch(/device files but no driver library/);
});

test('a driver that is there but cannot be used', () => {
  const explanation = found({ status: 35, driverVersion: 0 });
  expect(explanation.reason).toBe('ERR_CUDA_NO_DRIVER');
  expect(explanation.message).toMatch(/installed but could not be used/);
});

test('driver 470', () => {
  const explanation = found({ status: 35, driverVersion: 11040 });
  expect(explanation.reason).toBe('ERR_CUDA_DRIVER_TOO_OLD');
  expect(explanation.message).toMatch(/supports CUDA 11\.4, and 13\.0 is needed/);
  expect(explanation.hint).toMatch(/580/);
});

test.each([
  [{ visibleDevices: '' }, /CUDA_VISIBLE_DEVICES is empty/],
  [{ visibleDevices: ' ' }, /CUDA_VISIBLE_DEVICES is empty/],
  [{ visibleDevices: '-1,0' }, /invalid entry hides itself and all after it/],
  [{}, /finds no GPU/],
])('no device: %p', (more, message) => {
  const explanation = found({ status: 100 }, more);
  expect(explanation.reason).toBe('ERR_CUDA_NO_DEVICE');
  expect(explanation.message).toMatch(message);
  expect(found({ deviceCount: 0 }, more).reason).toBe('ERR_CUDA_NO_DEVICE');
});

test('the values of variables are not in the words', () => {
  const { message, hint } = found({ status: 100 }, { visibleDevices: 'GPU-secret' });
  expect(message + hint).not.toContain('secret');
});

test('no device files', () => {
  expect(found({ status: 100 }, { deviceFiles: false }).hint).toMatch(/modprobe nvidia/);
});

test.each([
  [3, 'ERR_CUDA_FORKED', /fork/],
  [34, 'ERR_CUDA_STUB', /stubs/],
  [803, 'ERR_CUDA_DRIVER_MISMATCH', /[Rr]estart/],
  [804, 'ERR_CUDA_DRIVER_MISMATCH', /compat/],
  [46, 'ERR_CUDA_DEVICE_BUSY', /compute mode/],
  [102, 'ERR_CUDA_NO_DEVICE', /license/],
  [802, 'ERR_CUDA_NOT_READY', /fabric manager.*restart the process/],
  [805, 'ERR_CUDA_MPS', /MPS.*restart the process/],
  [809, 'ERR_CUDA_MPS', /MPS.*restart the process/],
  [2, 'ERR_CUDA_DRIVER', /nvidia-smi/],
  [500, 'ERR_CUDA_DRIVER', /nvidia-smi/],
  [999, 'ERR_CUDA_DRIVER', /nvidia-smi/],
  [12345, 'ERR_CUDA_DRIVER', /nvidia-smi/],
])('status %i', (status, reason, hint) => {
  const explanation = found({ status });
  expect(explanation.reason).toBe(reason);
  expect(explanation.message).toContain(`(cudaErrorSomething, ${status})`);
  expect(explanation.hint).toMatch(hint);
});

test('the stub answers before any version is known', () => {
  expect(found({ status: 34, driverVersion: 0 }).reason).toBe('ERR_CUDA_STUB');
});

test('built without CUDA', () => {
  const explanation = found({ driverVersion: 0 }, { withCuda: false });
  expect(explanation.reason).toBe('ERR_CUDA_NOT_BUILT');
  expect(explanation.hint).toMatch(/nvcc/);
});

test('every hint names the way without a GPU', () => {
  for (const status of [2, 3, 34, 35, 46, 100, 802, 803, 805, 999, 12345]) {
    expect(found({ status }).hint).toMatch(/simulatedDevice.*NODECUDA_SIMULATE=1/);
  }
});

test('versions', () => {
  expect([13000, 12080, 11040].map(versionText)).toEqual(['13.0', '12.8', '11.4']);
});
