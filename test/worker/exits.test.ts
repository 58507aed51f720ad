// Workers that wait for a device while they, or the process, end: nothing may crash. Hazards H32, H33.
import { spawnSync } from 'node:child_process';
import { root } from '../support/child.js';

// Sanitizers make a run some ten times slower, and look at each more closely.
const RUNS = process.env.NODECUDA_TESTS === 'sanitize' ? 30 : 200;

test(`${RUNS} ends of Workers and processes with waits, in every way`, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/exits.cjs', String(RUNS)],
    { cwd: root, encoding: 'utf8' },
  );
  expect(stdout).toMatch(/^\d+ runs of 21 kinds, \d+ processes\n$/);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}, 240_000);
