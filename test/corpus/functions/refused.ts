import { device } from '../support.js';

// Kernels that the simulated device does not run yet, and what it says. Once it runs one, the test of
// this list fails: take the kernel out, and the test of what it computes is no longer skipped.
export const REFUSED: { [kernel: string]: { readonly topic: string; readonly words: RegExp } } = {
  sample: { topic: 'functions/beyond', words: /tex\.2d\.v4\.f32\.f32: unknown instruction/ },
};

/** `test`, or `test.skip` while the kernel is refused. */
export const testOf = (kernel: string) =>
  device.isSimulated && kernel in REFUSED ? test.skip : test;
