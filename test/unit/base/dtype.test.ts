import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dtypeByArray, dtypeByName } from '../../../lib/base/dtype.js';
import { DTYPES } from '../../../lib/index.js';

const header = readFileSync(join(__dirname, '../../../native/ops/kernels/dtype.h'), 'utf8');

test('the order is that of native/ops/kernels/dtype.h', () => {
  const names = /enum class Dtype[^{]*\{([^}]*)\}/.exec(header)![1]!;
  const native = names.match(/k\w+/g)!.map((name) => name.slice(1).toLowerCase());
  expect([...DTYPES]).toEqual(native);
});

test('the sizes are those of native/ops/kernels/dtype.h', () => {
  const sizes = /kBytes\[kDtypeCount\] = \{([^}]*)\}/.exec(header)![1]!;
  expect(DTYPES.map((name) => dtypeByName(name)!.byteSize)).toEqual(sizes.split(',').map(Number));
});

test('a typed array has one dtype', () => {
  expect(dtypeByArray('Float32Array')!.name).toBe('float32');
  expect(dtypeByArray('Uint16Array')!.name).toBe('uint16');
  expect(dtypeByArray('Float16Array')!.name).toBe('float16');
  expect(dtypeByArray('Uint8ClampedArray')!.name).toBe('uint8');
  expect(dtypeByArray('BigInt64Array')!.name).toBe('int64');
  expect(dtypeByArray(undefined)).toBeUndefined();
});

test('names that are none are refused, those of Object.prototype too', () => {
  for (const name of ['float', 'FLOAT32', '__proto__', 'constructor', '', 3, null, {}]) {
    expect(dtypeByName(name)).toBeUndefined();
  }
});
