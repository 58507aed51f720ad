import type { NativeAddon, NativeFailure, NativeFailureDetails } from '../../lib/addon/types.js';

/** An addon of the given functions; any other one fails the test. For statuses no machine gives. */
export function fakeAddon(functions: Partial<NativeAddon>): NativeAddon {
  return functions as NativeAddon;
}

/** An error as native code throws it. */
export function nativeFailure(details: Partial<NativeFailureDetails>): NativeFailure {
  const nodecuda: NativeFailureDetails = {
    kind: 'cuda',
    status: null,
    statusName: null,
    operation: 'test',
    device: null,
    report: '',
    ...details,
  };
  return Object.assign(new Error('native words'), { nodecuda });
}
