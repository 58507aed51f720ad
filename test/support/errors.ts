/** What `action` throws or rejects with; fails the test if it does neither. */
export async function failure(action: () => unknown): Promise<Error & { code?: string }> {
  try {
    await action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, but there was none');
}

/** What `action` throws at once. */
export function thrown(action: () => unknown): Error & { code?: string } {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, but there was none');
}

export const ARG_TYPE = { name: 'TypeError', code: 'ERR_CUDA_ARG_TYPE' };
export const ARG_RANGE = { name: 'RangeError', code: 'ERR_CUDA_ARG_RANGE' };
export const DISPOSED = { name: 'CudaDisposedError', code: 'ERR_CUDA_DISPOSED' };
export const WRONG_DEVICE = { name: 'CudaWrongDeviceError', code: 'ERR_CUDA_WRONG_DEVICE' };
