/**
 * `npm run demo`: the devices, two checked kernels, and handwritten digits classified by a matrix
 * product. Runs on a GPU, or says why there is none and runs on the simulated device.
 */
import { cuda, type Device } from 'nodecuda';
import { checkAdd, checkMatmul } from './checks';
import { describeUnavailable, deviceTable } from './device-table';
import { SIZE, splitDigits } from './digits';
import { drawRow } from './draw';
import { classify } from './nearest';
import { Progress, paint, print } from './terminal';

const LEAST_ACCURACY = 0.9;

/** The first GPU; without one the simulated device, and the reason for it in words. */
function openDevice(): Device {
  const diagnosis = cuda.diagnose();
  if (diagnosis.available) {
    for (const line of deviceTable(cuda.devices())) print(line);
    const device = cuda.device();
    print(`\nUsing device 0${device.isSimulated ? ', which is simulated' : ''}.`);
    return device;
  }
  for (const line of describeUnavailable(diagnosis)) print(line);
  const device = cuda.simulatedDevice();
  print('\nUsing the simulated device instead, which runs the same kernels on the CPU:');
  for (const line of deviceTable([device])) print(line);
  return device;
}

function heading(text: string): void {
  print(`\n${paint('bold', text)}`);
}

async function verifyKernels(device: Device): Promise<boolean> {
  heading('Kernels against a float64 reference');
  const checks = [
    await checkAdd(device, 1_000_003),
    await checkMatmul(device, { m: 257, n: 131, k: 300 }),
  ];
  for (const check of checks) {
    print(
      `  ${check.passed ? paint('green', 'ok') : paint('red', 'WRONG')}  ${check.title}: ` +
        `max error ${check.maxError.toExponential(2)}, ` +
        `at most ${(100 * check.maxRatio).toFixed(1)} % of the bound ${check.bound}, ` +
        `${check.elapsedMs.toFixed(0)} ms`,
    );
  }
  return checks.every((check) => check.passed);
}

async function readDigits(device: Device): Promise<boolean> {
  heading('Handwritten digits by nearest neighbours');
  // 6.3 GFLOP for the simulated device, which does a few of them per second.
  const [trainCount, testCount] = device.isSimulated ? [8000, 500] : [7600, 1000];
  const { train, test } = splitDigits(trainCount, testCount);

  const progress = new Progress('  classifying', test.count);
  const startMs = performance.now();
  const { predicted, deviceMs } = await classify(device, train, test, (done) =>
    progress.update(done),
  );
  const elapsedMs = performance.now() - startMs;
  progress.finish();

  const right: number[] = [];
  const wrong: number[] = [];
  for (let i = 0; i < test.count; ++i) {
    (predicted[i] === test.labels[i] ? right : wrong).push(i);
  }
  const accuracy = right.length / test.count;
  const flops = 2 * test.count * train.count * SIZE * SIZE;
  print(
    `  ${test.count} digits against ${train.count}: ` +
      `${paint('bold', `${(100 * accuracy).toFixed(1)} % right`)}, ${wrong.length} wrong, ` +
      `${(elapsedMs / 1000).toFixed(2)} s`,
  );
  print(
    `  of which ${(deviceMs / 1000).toFixed(2)} s in device.matmul and read ` +
      `(${(flops / deviceMs / 1e6).toFixed(1)} GFLOP/s)`,
  );

  const spread = [0.1, 0.5, 0.9].flatMap((part) => right[Math.floor(part * right.length)] ?? []);
  for (const examples of [spread, wrong.slice(0, 3)]) {
    if (examples.length === 0) continue;
    print('');
    for (const line of drawRow(test, predicted, examples)) print(`  ${line}`);
  }
  if (accuracy < LEAST_ACCURACY) {
    print(paint('red', `  Fewer than ${100 * LEAST_ACCURACY} % right: something is wrong.`));
  }
  return accuracy >= LEAST_ACCURACY;
}

async function main(): Promise<void> {
  const startMs = performance.now();
  using device = openDevice();
  const verified = await verifyKernels(device);
  const classified = await readDigits(device);
  print(`\nDone in ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
  if (!verified || !classified) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
