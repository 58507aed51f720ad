import { device } from '../support.js';

// Kernels that the simulated device does not run yet, and what it says. Once it runs one, the test of
// this list fails: take the kernel out, and the test of what it computes is no longer skipped.
export const REFUSED: { [kernel: string]: { readonly topic: string; readonly words: RegExp } } = {
  multisample: {
    topic: 'functions/beyond',
    words: /tex\.2dms\.v4\.f32\.s32: multisampled textures/,
  },
};

/** `test`, or `test.skip` while the kernel is refused. */
export const testOf = (kernel: string) =>
  device.isSimulated && kernel in REFUSED ? test.skip : test;
