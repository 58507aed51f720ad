import { join } from 'node:path';
import { loadError, onFatal, onWaited, wrapAddon } from '../../../lib/addon/load.js';
import { failure, thrown } from '../../support/errors.js';
import { fakeAddon, nativeFailure } from '../../support/fake-addon.js';

const throwing = (details: Parameters<typeof nativeFailure>[0]) =>
  wrapAddon(
    fakeAddon({
      closeStream: () => {
        throw nativeFailure(details);
      },
      streamSynchronize: () => Promise.reject(nativeFailure(details)),
      waitRead: () => {
        throw nativeFailure(details);
      },
    }),
  );

test('arguments and results pass through', async () => {
  const openDevice = jest.fn(() => 7);
  const addon = wrapAddon(fakeAddon({ openDevice, streamSynchronize: () => Promise.resolve() }));
  expect(addon.openDevice(3, 4)).toBe(7);
  expect(openDevice).toHaveBeenCalledWith(3, 4);
  await expect(addon.streamSynchronize(1)).resolves.toBeUndefined();
});

test('what is thrown, and what a promise is rejected with, is the public error', async () => {
  const addon = throwing({ status: 2, statusName: 'cudaErrorMemoryAllocation' });
  expect(thrown(() => addon.closeStream(1))).toMatchObject({ code: 'ERR_CUDA_OOM' });
  expect(await failure(() => addon.streamSynchronize(1))).toMatchObject({ code: 'ERR_CUDA_OOM' });
  expect(await failure(() => addon.waitRead(1))).toMatchObject({ code: 'ERR_CUDA_OOM' });
});

test('other errors are left alone', () => {
  const error = new Error('mine');
  const addon = wrapAddon(
    fakeAddon({
      closeStream: () => {
        throw error;
      },
      closeBuffer: () => {
        throw null;
      },
    }),
  );
  expect(thrown(() => addon.closeStream(1))).toBe(error);
  expect(thrown(() => addon.closeBuffer(1))).toBeNull();
});

test('fatal errors are announced', () => {
  const listener = jest.fn();
  onFatal(listener);
  thrown(() => throwing({ status: 1 }).closeStream(1));
  expect(listener).not.toHaveBeenCalled();
  thrown(() => throwing({ status: 700 }).closeStream(1));
  expect(listener).toHaveBeenCalledTimes(1);
});

test('the end of a wait is announced before the caller knows, however it ends', async () => {
  const log: string[] = [];
  onWaited(() => log.push('waited'));
  const failing = throwing({ status: 1 });
  const addon = wrapAddon(
    fakeAddon({
      deviceSynchronize: () => Promise.resolve(),
      streamSynchronizeSync: () => {},
      eventSynchronizeSync: () => {
        throw nativeFailure({ status: 1 });
      },
      streamQuery: () => true,
      preload: () => Promise.resolve(),
    }),
  );
  await addon.deviceSynchronize(1).then(() => log.push('resolved'));
  expect(log.splice(0)).toEqual(['waited', 'resolved']);
  await failing.streamSynchronize(1).catch(() => log.push('rejected'));
  expect(log.splice(0)).toEqual(['waited', 'rejected']);
  addon.streamSynchronizeSync(1);
  expect(log.splice(0)).toEqual(['waited']);
  thrown(() => addon.eventSynchronizeSync(1));
  expect(log.splice(0)).toEqual(['waited']);
  addon.streamQuery(1);
  await addon.preload(1, 'matmul');
  expect(log).toEqual([]);
});

test('an addon that cannot be loaded: every attempt, the platform and the remedy', () => {
  const first = new Error('GLIBC_2.99 not found\nRequire stack: ...');
  const failures = [
    { name: 'node-gyp-build', error: first },
    { name: 'bindings', error: new Error('no file') },
  ];
  // Set where the tests run on a chosen binary: it has a remedy of its own.
  const chosen = process.env.NODECUDA_PREBUILD;
  delete process.env.NODECUDA_PREBUILD;
  const error = loadError(failures, join(__dirname, '../../..'));
  if (chosen !== undefined) process.env.NODECUDA_PREBUILD = chosen;
  expect(error).toMatchObject({
    name: 'CudaUnavailableError',
    code: 'ERR_CUDA_ADDON_LOAD',
    cause: first,
  });
  expect(error.message).toContain(`${process.platform}-${process.arch}`);
  expect(error.message).toContain(process.version);
  expect(error.message).toMatch(/npm run build/);
  expect(error.message).toMatch(/node-gyp-build: GLIBC_2.99 not found\n {2}bindings: no file$/);
});
