// ldmatrix, stmatrix and movmatrix of 16 bits, by the pictures of the PTX ISA (9.7.15.5.15). Those of bytes, which are
// of later devices, test/native/exec/matrix/matrix_moves_test.cc looks at.
import { BYTES, type Form, type Memory, spell } from './run.js';

const SPACES = ['', 'shared', 'shared::cta', 'shared::cluster', 'global'];
const registers = (count: number) => Array.from({ length: count }, (_, i) => `%r${i}`);
const vector = (count: number) => `{${registers(count).join(', ')}}`;
const addressOf = (mnemonic: string) => (mnemonic.includes('.shared') ? '%r9' : '%l9');

// A thread's row is the first 16 bytes of its memory, and lies in shared memory at %r9 or %l9.
const SET_UP = `mov.u32 %r9, shared; mad.lo.u32 %r9, %lane, ${BYTES}, %r9; cvt.u64.u32 %l9, %r9; cvta.shared.u64 %l9, %l9;`;
const FOUR = '{%r31, %r32, %r33, %r34}';

/** The element of a row that lies in memory of thread `lane`. */
const half = ({ all }: Memory, lane: number, i: number) =>
  all.getUint16(lane * BYTES + 2 * i, true);
/** Which element of a matrix the low and the high half of a thread's register are. */
function placeOf(lane: number, high: number, transposed: boolean): [row: number, column: number] {
  const [row, column] = [lane >> 2, 2 * (lane & 3) + high];
  return transposed ? [column, row] : [row, column];
}

function load(mnemonic: string, operand: string, count: number): Form {
  const transposed = mnemonic.includes('trans');
  return {
    mnemonic: `${mnemonic}/${operand}`,
    code: `${SET_UP} ld.global.v4.b32 ${FOUR}, [%in]; st.shared.v4.b32 [%r9], ${FOUR}; bar.warp.sync -1;
  ${mnemonic} ${operand}, [${addressOf(mnemonic)}]; ${registers(count)
    .map((name, i) => `st.global.b32 [%out+${4 * i}], ${name};`)
    .join(' ')}`,
    expected: (memory) =>
      Array.from({ length: 2 * count }, (_, i) => {
        const [row, column] = placeOf(memory.lane, i & 1, transposed);
        return { at: 2 * i, bytes: 2, value: BigInt(half(memory, 8 * (i >> 1) + row, column)) };
      }),
  };
}

function store(mnemonic: string, operand: string, count: number): Form {
  const transposed = mnemonic.includes('trans');
  return {
    mnemonic: `${mnemonic}/${operand}`,
    code: `${SET_UP} st.shared.v4.b32 [%r9], {0, 0, 0, 0}; bar.warp.sync -1;
  ${registers(count)
    .map((name, i) => `ld.global.b32 ${name}, [%in+${4 * i}];`)
    .join(' ')} ${mnemonic} [${addressOf(mnemonic)}], ${operand};
  bar.warp.sync -1; ld.shared.v4.b32 ${FOUR}, [%r9]; st.global.v4.b32 [%out], ${FOUR};`,
    expected: (memory) => {
      const [matrix, row] = [memory.lane >> 3, memory.lane & 7];
      return Array.from({ length: matrix < count ? 8 : 0 }, (_, column) => {
        const [line, place] = transposed ? [column, row] : [row, column];
        const value = half(memory, 4 * line + (place >> 1), 2 * matrix + (place & 1));
        return { at: 2 * column, bytes: 2, value: BigInt(value) };
      });
    },
  };
}

const moves = [1, 2, 4, 3].flatMap((count) =>
  spell(
    ['ldmatrix', 'stmatrix'],
    ['', 'sync'],
    ['', 'aligned'],
    ['m8n8', 'm16n16', 'm8n16'],
    [`x${count}`],
    ['', 'trans'],
    SPACES,
    ['b16', 'u16'],
  ).flatMap((mnemonic) =>
    [vector(count), ...(count === 1 ? ['%r0'] : [])].map((operand) =>
      mnemonic.startsWith('ld') ? load(mnemonic, operand, count) : store(mnemonic, operand, count),
    ),
  ),
);
const transposes = spell(
  ['movmatrix'],
  ['', 'sync'],
  ['', 'aligned'],
  ['m8n8', 'm16n16'],
  ['', 'trans'],
  ['b16', 'b8'],
).map((mnemonic) => ({
  mnemonic,
  code: `ld.global.b32 %r1, [%in]; ${mnemonic} %r0, %r1; st.global.b32 [%out], %r0;`,
  expected: (memory: Memory) =>
    [0, 1].map((high) => {
      const [row, column] = placeOf(memory.lane, high, true);
      const value = half(memory, 4 * row + (column >> 1), column & 1);
      return { at: 2 * high, bytes: 2, value: BigInt(value) };
    }),
}));

export const moveForms: Form[] = [...moves, ...transposes];
