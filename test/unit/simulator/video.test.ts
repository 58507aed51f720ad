// The video instructions against the text of the PTX ISA (9.7.17), in BigInt.
import { cuda } from '../../../lib/index.js';
import { compare } from './lanes.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

type Sign = 's32' | 'u32';
const SIGNS: Sign[] = ['u32', 's32'];

const read = (x: bigint, bits: number, sign: Sign) =>
  sign === 's32' ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x);
const clamp = (x: bigint, bits: number, sign: Sign) => {
  const most = (1n << BigInt(sign === 's32' ? bits - 1 : bits)) - 1n;
  const least = sign === 's32' ? -most - 1n : 0n;
  return x < least ? least : x > most ? most : x;
};
const less = (a: bigint, b: bigint) => (a < b ? a : b);
const more = (a: bigint, b: bigint) => (a > b ? a : b);
const size = (a: bigint) => (a < 0n ? -a : a);

const OPERATIONS: Record<string, (a: bigint, b: bigint) => bigint> = {
  vadd: (a, b) => a + b,
  vsub: (a, b) => a - b,
  vabsdiff: (a, b) => size(a - b),
  vmin: less,
  vmax: more,
};
const SECONDS: Record<string, (t: bigint, c: bigint) => bigint> = {
  '': (t) => t,
  '.add': (t, c) => t + c,
  '.min': less,
  '.max': more,
};
const COMPARISONS: Record<string, (a: bigint, b: bigint) => boolean> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};
const PARTS = ['', '.b0', '.b1', '.b2', '.b3', '.h0', '.h1'];

function place(selector: string): { shift: bigint; bits: number } {
  const bits = selector === '' ? 32 : selector[1] === 'b' ? 8 : 16;
  return { bits, shift: BigInt(bits * Number(selector[2] ?? 0)) };
}
function part(x: bigint, selector: string, sign: Sign): bigint {
  const { shift, bits } = place(selector);
  return read(BigInt.asUintN(32, x) >> shift, bits, sign);
}
function merge(t: bigint, selector: string, c: bigint): bigint {
  const { shift, bits } = place(selector);
  const field = ((1n << BigInt(bits)) - 1n) << shift;
  return ((BigInt.asUintN(64, t) << shift) & field) | (c & ~field);
}

// Selectors, in turn: every one of them in each place.
const selectors = (i: number) => [PARTS[i % 7]!, PARTS[(3 * i + 1) % 7]!, PARTS[(5 * i + 2) % 7]!];

describe.each(Object.keys(OPERATIONS))('%s', (name) => {
  const types = SIGNS.flatMap((d) => SIGNS.flatMap((a) => SIGNS.map((b) => [d, a, b] as const)));
  test.each(types)('.%s.%s.%s', async (d, a, b) => {
    let i = 0;
    for (const sat of ['', '.sat']) {
      for (const second of Object.keys(SECONDS)) {
        const [dSelector, aSelector, bSelector] = selectors(i++);
        const to = second === '' ? dSelector! : '';
        const c = second === '' && to === '' ? '' : ', %wc';
        const text = `${name}.${d}.${a}.${b}${sat}${second} %w0${to}, %wa${aSelector}, %wb${bSelector}${c};`;
        await compare(device, { text, results: 'w' }, ([x, y, z]) => {
          let t = OPERATIONS[name]!(part(x!, aSelector!, a), part(y!, bSelector!, b));
          if (sat) t = clamp(t, place(to).bits, d);
          return merge(SECONDS[second]!(t, read(z!, 32, d)), to, z!);
        });
      }
    }
  });
});

test.each(PARTS)('every place of a merge: %s', async (to) => {
  const text = `vadd.s32.s32.s32.sat %w0${to}, %wa, %wb${to ? ', %wc' : ''};`;
  await compare(device, { text, results: 'w' }, ([x, y, z]) => {
    const t = clamp(read(x!, 32, 's32') + read(y!, 32, 's32'), place(to).bits, 's32');
    return merge(t, to, z!);
  });
});

describe.each(['vshl', 'vshr'])('%s', (name) => {
  test.each(SIGNS.flatMap((d) => SIGNS.map((a) => [d, a] as const)))('.%s.%s.u32', async (d, a) => {
    let i = 0;
    for (const mode of ['clamp', 'wrap']) {
      for (const sat of ['', '.sat']) {
        for (const second of Object.keys(SECONDS)) {
          const [to, aSelector, bSelector] = second === '' ? selectors(i++) : ['', '', '.b0'];
          const c = second === '' && to === '' ? '' : ', %wc';
          const text = `${name}.${d}.${a}.u32${sat}.${mode}${second} %w0${to}, %wa${aSelector}, %wb${bSelector}${c};`;
          await compare(device, { text, results: 'w' }, ([x, y, z]) => {
            const count = part(y!, bSelector!, 'u32');
            const by = mode === 'wrap' ? count & 31n : less(count, 32n);
            const value = part(x!, aSelector!, a);
            let t = name === 'vshl' ? value << by : value >> by;
            if (sat) t = clamp(t, place(to!).bits, d);
            return merge(SECONDS[second]!(t, read(z!, 32, d)), to!, z!);
          });
        }
      }
    }
  });
});

const MADS = [
  ['', '', ''],
  ['-', '', ''],
  ['', '-', ''],
  ['-', '-', ''],
  ['', '', '-'],
  ['po', '', ''],
];
test.each(SIGNS.flatMap((d) => SIGNS.flatMap((a) => SIGNS.map((b) => [d, a, b] as const))))(
  'vmad.%s.%s.%s',
  async (d, a, b) => {
    let i = 0;
    for (const [first, second, third] of MADS) {
      for (const sat of ['', '.sat']) {
        for (const scale of ['', '.shr7', '.shr15']) {
          const [, aSelector, bSelector] = selectors(i++);
          const po = first === 'po';
          const text = `vmad.${d}.${a}.${b}${po ? '.po' : ''}${sat}${scale} %w0, ${po ? '' : first}%wa${aSelector}, ${second}%wb${bSelector}, ${third}%wc;`;
          await compare(device, { text, results: 'w' }, ([x, y, z]) => {
            const signed: Sign =
              a === 's32' || b === 's32' || (first === '-') !== (second === '-') || third === '-'
                ? 's32'
                : 'u32';
            let t = part(x!, aSelector!, a) * part(y!, bSelector!, b);
            if ((first === '-') !== (second === '-')) t = -t;
            const c = read(z!, 32, signed);
            t += third === '-' ? -c : c;
            if (po) t += 1n;
            t >>= scale === '' ? 0n : BigInt(scale.slice(4));
            return sat ? clamp(t, 32, signed) : t;
          });
        }
      }
    }
  },
);

test.each(Object.keys(COMPARISONS))('vset .%s', async (name) => {
  let i = 0;
  for (const a of SIGNS) {
    for (const b of SIGNS) {
      for (const second of Object.keys(SECONDS)) {
        const [to, aSelector, bSelector] = selectors(i++);
        const d = second === '' ? to! : '';
        const c = second === '' && d === '' ? '' : ', %wc';
        const text = `vset.${a}.${b}.${name}${second} %w0${d}, %wa${aSelector}, %wb${bSelector}${c};`;
        await compare(device, { text, results: 'w' }, ([x, y, z]) => {
          const holds = COMPARISONS[name]!(part(x!, aSelector!, a), part(y!, bSelector!, b));
          return merge(SECONDS[second]!(holds ? 1n : 0n, read(z!, 32, 'u32')), d, z!);
        });
      }
    }
  }
});

// Vectors of two or four elements.
const average = (a: bigint, b: bigint) => (a + b >= 0n ? (a + b + 1n) >> 1n : (a + b) >> 1n);
const VECTORS: Record<string, (a: bigint, b: bigint) => bigint> = { ...OPERATIONS, vavrg: average };

function elements(x: bigint, y: bigint, selector: string, count: number, first: number): bigint[] {
  const bits = 32 / count;
  const both = BigInt.asUintN(32, x) | (BigInt.asUintN(32, y) << 32n);
  const numbers = selector
    ? [...selector.slice(2)].reverse().map(Number)
    : Array.from({ length: count }, (_, i) => first + i);
  return numbers.map((number) => both >> BigInt(number * bits));
}
function written(selector: string, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => !selector || selector.slice(2).includes(`${i}`));
}
const SHAPES = {
  2: { a: ['', '.h10', '.h32', '.h03', '.h21'], d: ['', '.h0', '.h1', '.h10'] },
  4: {
    a: ['', '.b3210', '.b7654', '.b0123', '.b5555', '.b7061'],
    d: ['', '.b0', '.b1', '.b2', '.b3', '.b10', '.b31', '.b320', '.b3210'],
  },
} as const;

describe.each([2, 4] as const)('vectors of %i', (count) => {
  const bits = 32 / count;
  function reference(
    d: Sign,
    signs: [Sign, Sign],
    selected: { d: string; a: string; b: string },
    kind: string,
    operate: (a: bigint, b: bigint) => bigint,
  ) {
    return ([x, y, z]: bigint[]) => {
      const a = elements(x!, y!, selected.a, count, 0);
      const b = elements(x!, y!, selected.b, count, count);
      let result = z!;
      written(selected.d, count).forEach((is, i) => {
        if (!is) return;
        let t = operate(read(a[i]!, bits, signs[0]), read(b[i]!, bits, signs[1]));
        if (kind === '.sat') t = clamp(t, bits, d);
        const shift = BigInt(i * bits);
        const field = ((1n << BigInt(bits)) - 1n) << shift;
        result =
          kind === '.add'
            ? result + t
            : (result & ~field) | ((BigInt.asUintN(64, t) << shift) & field);
      });
      return result;
    };
  }
  const selectedOf = (i: number) => {
    const { a, d } = SHAPES[count];
    return { d: d[i % d.length]!, a: a[(2 * i) % a.length]!, b: a[(3 * i + 1) % a.length]! };
  };

  test.each(Object.keys(VECTORS))(`%s${count}`, async (name) => {
    let i = 0;
    for (const d of SIGNS) {
      for (const a of SIGNS) {
        for (const b of SIGNS) {
          for (const kind of ['', '.sat', '.add']) {
            const selected = selectedOf(i++);
            const text = `${name}${count}.${d}.${a}.${b}${kind} %w0${selected.d}, %wa${selected.a}, %wb${selected.b}, %wc;`;
            const wanted = reference(d, [a, b], selected, kind, VECTORS[name]!);
            await compare(device, { text, results: 'w' }, wanted);
          }
        }
      }
    }
  });
  test.each(Object.keys(COMPARISONS))(`vset${count} .%s`, async (name) => {
    let i = 0;
    for (const a of SIGNS) {
      for (const b of SIGNS) {
        for (const kind of ['', '.add']) {
          const selected = selectedOf(i++);
          const text = `vset${count}.${a}.${b}.${name}${kind} %w0${selected.d}, %wa${selected.a}, %wb${selected.b}, %wc;`;
          const holds = (x: bigint, y: bigint) => (COMPARISONS[name]!(x, y) ? 1n : 0n);
          await compare(
            device,
            { text, results: 'w' },
            reference('u32', [a, b], selected, kind, holds),
          );
        }
      }
    }
  });
});

// As ptxas does.
test.each([
  'vadd.s32.s32.s32.sat.add %w0.h0, %wa, %wb, %wc;',
  'vadd.s32.s32.s32 %w0, %wa, %wb, %wc;',
  'vadd.s32.s32 %w0, %wa, %wb;',
  'vadd.s32.s32.s32.add %w0, %wa, %wb, %wc.h1;',
  'vadd.u32.u32.u32 %w0, %wa.b4, %wb;',
  'vadd.u32.u32.u32 %w0, -%wa, %wb;',
  'vmad.u32.u32.u32.po %w0, -%wa, %wb, %wc;',
  'vmad.s32.s32.s32 %w0.h0, %wa, %wb, %wc;',
  'vadd2.s32.s32.s32.sat.add %w0, %wa, %wb, %wc;',
  'vadd2.s32.s32.s32 %w0.h01, %wa, %wb, %wc;',
  'vadd2.s32.s32.s32 %w0, %wa, %wb;',
  'vadd2.u32.u32.u32 %w0, %wa.h0, %wb, %wc;',
  'vadd4.u32.u32.u32 %w0, %wa.h10, %wb, %wc;',
  'vadd4.u32.u32.u32.min %w0, %wa, %wb, %wc;',
  'vadd4.s32.s32.s32 %w0.b023, %wa, %wb, %wc;',
  'vset.s32.u32.ltu %w0, %wa, %wb;',
  'vshl.u32.u32.s32.clamp %w0, %wa, %wb;',
  'vshl.u32.u32.u32 %w0, %wa, %wb;',
  'vavrg.s32.s32.s32 %w0, %wa, %wb;',
  'vmad2.s32.s32.s32 %w0, %wa, %wb, %wc;',
  'vadd.u32.u32.u32 %l0, %wa, %wb;',
  'add.u32 %w0, %wa.b0, %wb;',
  'add.u32 %w0, -%wa, %wb;',
])('refuses %s', async (text) => {
  await expect(compare(device, { text, results: 'w' }, () => 0n)).rejects.toThrow('PTX line');
});
