// wmma of elements of less than a byte, against sums of products of each.
import { cuda } from '../../../lib/index.js';

const device = cuda.simulatedDevice({
  memoryBytes: 2 ** 24,
  computeCapability: { major: 8, minor: 0 },
});
afterAll(() => device.dispose());

type Type = 's4' | 'u4' | 'b1';

interface Form {
  a: Type;
  b: Type;
  operation?: string;
  saturation?: string;
  /** Elements between lines, beyond those of a line. */
  gap?: number;
  columns?: boolean;
}

const text = ({ a, b, operation = '', saturation = '', gap, columns = false }: Form) => {
  const [shape, k] = a === 'b1' ? ['m8n8k128', 128] : ['m8n8k32', 32];
  const stride = gap === undefined ? '' : `, ${k + gap}`;
  const lines = columns ? 'col' : 'row';
  return `.version 7.1
.target sm_80
.address_size 64
.visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c)
{
  .reg .b32 %r<8>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u64 %rd3, [c];
  wmma.load.a.sync.aligned.row.${shape}.global.${a} {%r0}, [%rd1]${stride};
  wmma.load.b.sync.aligned.col.${shape}.global.${b} {%r1}, [%rd2]${stride};
  wmma.load.c.sync.aligned.${lines}.${shape}.global.s32 {%r2, %r3}, [%rd3], 12;
  wmma.mma${operation}.sync.aligned.row.col.${shape}.s32.${a}.${b}.s32${saturation} {%r4, %r5}, {%r0}, {%r1}, {%r2, %r3};
  wmma.store.d.sync.aligned.${lines}.${shape}.global.s32 [%rd3+512], {%r4, %r5}, 12;
  ret;
}
`;
};

const BITS = { s4: 4, u4: 4, b1: 1 };

/** The element `i` of a line of packed elements. */
function element(bytes: Uint8Array, type: Type, line: number, lineBytes: number, i: number) {
  const bits = BITS[type];
  const at = i * bits;
  const value = (bytes[line * lineBytes + (at >> 3)]! >> (at & 7)) & (2 ** bits - 1);
  return type === 's4' && value > 7 ? value - 16 : value;
}

function random(count: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

async function run(form: Form, c = Int32Array.from(random(96, 3))) {
  const { a, b, gap = 0, columns = false, operation = '' } = form;
  const k = a === 'b1' ? 128 : 32;
  const lineBytes = ((k + gap) * BITS[a]) / 8;
  const [first, second] = [random(8 * lineBytes, 1), random(8 * lineBytes, 2)];
  using module = device.loadModule(text(form));
  using from = device.from(first);
  using by = device.from(second);
  using to = device.alloc('int32', 256);
  await to.write(c);
  module.kernel('k', ['uint8*', 'uint8*', 'int32*']).launch({ grid: 1, block: 32 }, from, by, to);
  const result = (await to.read()).subarray(128, 128 + 96);
  const place = (row: number, column: number) => (columns ? 12 * column + row : 12 * row + column);
  const got: number[] = [];
  const sums: number[] = [];
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++) {
      let sum = c[place(row, column)]!;
      for (let i = 0; i < k; i++) {
        const x = element(first, a, row, lineBytes, i);
        const y = element(second, b, column, lineBytes, i);
        sum += operation === '.xor.popc' ? x ^ y : operation === '.and.popc' ? x & y : x * y;
      }
      sums.push(sum);
      got.push(result[place(row, column)]!);
    }
  }
  return { got, sums };
}

const products: [Type, Type, string][] = [
  ['s4', 's4', ''],
  ['u4', 'u4', ''],
  ['b1', 'b1', '.xor.popc'],
  ['b1', 'b1', '.and.popc'],
];
test.each(products)('%s by %s%s', async (a, b, operation) => {
  for (const gap of [undefined, 0, 128]) {
    for (const columns of [false, true]) {
      const { got, sums } = await run({ a, b, operation, gap, columns });
      expect(got).toEqual(sums);
    }
  }
});

test('sums wrap, or end at the greatest value', async () => {
  const most = new Int32Array(96).fill(2 ** 31 - 1);
  const wrapped = await run({ a: 'u4', b: 'u4' }, most);
  expect(wrapped.got).toEqual(wrapped.sums.map((sum) => sum | 0));
  const { got } = await run({ a: 'u4', b: 'u4', saturation: '.satfinite' }, most);
  expect(got).toEqual(Array(64).fill(2 ** 31 - 1));
});

test.each([
  ['s4', 's4', '.xor.popc'],
  ['b1', 'b1', ''],
  ['s4', 'b1', ''],
  // As ptxas does.
  ['s4', 'u4', ''],
] as [Type, Type, string][])('refuses %s by %s%s', (a, b, operation) => {
  expect(() => device.loadModule(text({ a, b, operation })).kernel('k')).toThrow('PTX line');
});

test('A lies in rows, B in columns', () => {
  const right = text({ a: 's4', b: 's4' });
  for (const wrong of [
    right.replace('load.a.sync.aligned.row', 'load.a.sync.aligned.col'),
    right.replace('load.b.sync.aligned.col', 'load.b.sync.aligned.row'),
    right.replace('mma.sync.aligned.row.col', 'mma.sync.aligned.row.row'),
    text({ a: 'b1', b: 'b1', operation: '.or.popc' }),
  ]) {
    expect(() => device.loadModule(wrong).kernel('k')).toThrow('PTX line');
  }
});
