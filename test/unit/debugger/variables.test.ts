// Variables by the names of the source, as `nvcc -G` tells them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModuleVariables } from '../../../lib/debugger/variables/variables.js';
import { cuda, type Device, type KernelDebugger, type SourceVariable } from '../../../lib/index.js';
import { thrown } from '../../support/errors.js';
import { PTX } from './kernels.js';

const THREADS = 32;
const SOURCES = { '7.5': 'variables.ptx', '10.0': 'variables_sm100.ptx' } as const;
const read = (name: string) => readFileSync(join(__dirname, name), 'utf8');
const LINES = read('variables.cu').split('\n');
/** `variables.cu:12` of the line that has those words for the first time. */
const at = (words: string) => `variables.cu:${LINES.findIndex((line) => line.includes(words)) + 1}`;

let debug: KernelDebugger;
let device: Device;
const kept: object[] = []; // until their device is disposed
afterEach(() => {
  debug.dispose({ endKernels: true });
  device.dispose();
  kept.length = 0;
});

async function stopAt(capability: keyof typeof SOURCES, where: string, thread = 3) {
  debug = cuda.debugger();
  device = cuda.simulatedDevice({
    memoryBytes: 2 ** 24,
    computeCapability: {
      major: Number.parseInt(capability, 10),
      minor: capability === '7.5' ? 5 : 0,
    },
  });
  const module = device.loadModule(read(SOURCES[capability]));
  const input = device.from(new Float32Array(THREADS).map((_, i) => i + 0.5));
  const output = device.alloc('float32', THREADS);
  const nodes = new DataView(new ArrayBuffer(48));
  nodes.setFloat64(8, 1.25, true);
  nodes.setInt32(16, 5, true);
  nodes.setFloat64(24 + 8, -2.5, true);
  nodes.setInt32(24 + 16, 7, true);
  const list = device.from(new Uint8Array(nodes.buffer));
  kept.push(module, input, output, list);
  debug.breakAt(where, { thread: [thread, 0, 0] });
  const given = { id: 'int32', x: 'float32', y: 'float32', tags: 'int32[3]' } as const;
  module
    .kernel('variables', ['float32*', 'float32*', 'int32', { struct: given }, 'void*', 'void*'])
    .launch(
      { grid: 1, block: THREADS, sharedMemoryBytes: 8 * THREADS },
      input,
      output,
      THREADS,
      { id: 9, x: 1.5, y: -0.25, tags: [7, 8, 9] },
      list,
      null,
    );
  await debug.stopped();
}

/** Without where it is. */
function plain({ value, enumerator, members, length, missing }: SourceVariable): unknown {
  if (missing !== null) return `<${missing}>`;
  if (length !== null) return members.map(plain);
  if (members.length > 0)
    return Object.fromEntries(members.map((each) => [each.name, plain(each)]));
  return enumerator ?? value;
}

const value = (expression: string, thread?: number) =>
  plain(debug.variable(expression, thread === undefined ? {} : { thread: [thread, 0, 0] }));

describe.each(['7.5', '10.0'] as const)('of code for %s', (capability) => {
  test('all that a function has, with their values', async () => {
    await stopAt(capability, at('int sum = deep(2)'));
    const found = debug.variables();
    expect(Object.fromEntries(found.map((each) => [each.name, plain(each)]))).toMatchObject({
      in: expect.any(BigInt),
      count: 32,
      given: { Base: { id: 9 }, x: 1.5, y: -0.25, tags: [7, 8, 9] },
      i: 3,
      last: false,
      color: 'GREEN',
      shape: 'Shape::Square',
      copy: { Base: { id: 9 }, x: 1.5, y: 2.75, tags: [7, 8, 9] },
      bits: { low: 5, high: -3, rest: 3 },
      product: 3,
      letter: 100,
      negative: -3,
      big: 2n ** 40n + 3n,
      half: 1.75,
      // 32 + 99 - 3 + 3 in the first.
      squares: [131, 33, 36, 41],
    });
    expect(Object.fromEntries(found.map((each) => [each.name, each.type]))).toMatchObject({
      in: 'const float *',
      out: 'float *',
      node: 'Node *',
      names: 'const char *const *',
      given: 'Point',
      i: 'uint',
      squares: 'int[4]',
      half: 'volatile double',
      anything: 'void *',
      tile: 'float[2][16]',
    });
  });

  test('a loop has another value each time; what is of an inner block is there only in it', async () => {
    await stopAt(capability, at('squares[k] = square + count'));
    const seen: unknown[] = [];
    const done = device.synchronize().then(() => null);
    for (;;) {
      seen.push([value('k'), value('square')]);
      debug.continue();
      if ((await Promise.race([debug.stopped(), done])) === null) break;
    }
    expect(seen).toEqual([
      [0, 0],
      [1, 1],
      [2, 4],
      [3, 9],
    ]);
  });

  test('an inner variable hides that of the same name around it', async () => {
    await stopAt(capability, at('squares[0] += color'));
    expect(value('color')).toBe(99);
    expect(debug.variables().filter(({ name }) => name === 'color')).toHaveLength(1);
    expect(debug.variables().some(({ name }) => name === 'k')).toBe(false);
  });

  test('parts, pointers and what they point to, by expressions', async () => {
    await stopAt(capability, at('int sum = deep(2)'));
    expect(value('copy.tags[2]')).toBe(9);
    expect(value('copy.id')).toBe(9);
    expect(value('node->value')).toBe(1.25);
    expect(value('(*node).color')).toBe('GREEN');
    expect(value('node->next->value')).toBe(-2.5);
    expect(value('node[1].color')).toBe(7); // which has no name
    expect(value('*in')).toBe(0.5);
    expect(value('in[i]')).toBe(3.5);
    expect(value('in[%tid.x]', 5)).toBe(5.5);
    expect(value('in[threadIdx.x]', 5)).toBe(5.5);
    expect(value(' in [ 0x4 ] ')).toBe(4.5);
    expect(value('in[-1]')).toMatch(/^<there are no 4 bytes of generic memory at 0x/);
    expect(value('tile[1][2]')).toBe(18.5);
    expect(value('tile[0]')).toEqual(Array.from({ length: 16 }, (_, i) => i + 0.5));
    expect(value('dynamic[4]')).toBe(2.25);
    expect(value('word.number')).toBe(3);
    expect(value('word.bits')).toBe(0x40400000);
    expect(value('counter')).toBe(42);
    expect(value('weights')).toEqual([1, 2, 3, 4]);
    expect(value('inner::big')).toEqual([2n ** 40n, -7n]);
    expect(value('i', 17)).toBe(17);
    expect(value('*names')).toMatch(/^<there are no 8 bytes of generic memory at 0x0>$/);
  });

  test('of a function that is called, with references and its frame', async () => {
    await stopAt(capability, at('word->number = result'));
    expect(debug.current?.function).toMatch(/scaled/);
    expect(value('result')).toBe(3);
    expect(value('factor')).toBe(2);
    expect(debug.variables().find(({ name }) => name === 'point')).toMatchObject({
      type: 'const Point &',
      space: 'generic',
    });
    expect(value('point.y')).toBe(2.75);
    expect(value('word->bits')).toEqual(expect.any(Number));
    expect(thrown(() => value('squares'))).toMatchObject({
      name: 'CudaDebuggerError',
      message: 'There is no variable squares here',
    });
  });

  test('of a function that calls itself: of the innermost call', async () => {
    await stopAt(capability, at('if (depth == 0)'));
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      seen.push([value('depth'), value('own'), value('first[1]'), value('*first')]);
      debug.continue();
      await Promise.race([debug.stopped(), device.synchronize()]);
    }
    expect(seen).toEqual([
      [2, [2, 20], 20, 2],
      [1, [1, 10], 10, 1],
      [0, [0, 0], 0, 0],
    ]);
  });

  test('where they are', async () => {
    await stopAt(capability, at('int sum = deep(2)'));
    expect(debug.variable('i')).toMatchObject({
      register: expect.stringMatching(/^%r\d+$/),
      space: null,
      address: null,
    });
    expect(debug.variable('squares[1]')).toMatchObject({ register: null, space: 'local' });
    expect(debug.variable('count')).toMatchObject({ space: 'parameter' });
    expect(debug.variable('tile[0][1]')).toMatchObject({ space: 'shared', address: 4n });
    expect(debug.variable('counter')).toMatchObject({ space: 'global', type: 'int' });
  });
});

describe('writing', () => {
  test('variables of all kinds, which the code then has', async () => {
    await stopAt('7.5', at('out[i] ='));
    debug.deleteBreakpoint(1);
    const set = (expression: string, given: number | bigint | boolean) => {
      debug.setVariable(expression, given);
      return value(expression);
    };
    expect(set('squares[3]', 1000)).toBe(1000);
    expect(set('color', -1)).toBe('RED');
    expect(set('shape', 1)).toBe('Shape::Round');
    expect(set('last', true)).toBe(true);
    expect(set('negative', -7)).toBe(-7);
    expect(set('letter', 200)).toBe(200);
    expect(set('big', -(2n ** 40n))).toBe(-(2n ** 40n));
    expect(set('half', 0.125)).toBe(0.125);
    expect(set('product', 2 ** -10)).toBe(2 ** -10);
    expect(set('bits.high', -16)).toBe(-16);
    expect(value('bits')).toMatchObject({ low: 5, rest: 3 });
    expect(set('bits.low', 2)).toBe(2);
    expect(value('bits')).toEqual({ low: 2, high: -16, rest: 3 });
    expect(set('copy.id', -9)).toBe(-9);
    expect(set('node->value', 100)).toBe(100);
    expect(set('anything', 16n)).toBe(16n);
    expect(set('tile[1][3]', 1.5)).toBe(1.5);
    expect(set('counter', -42)).toBe(-42);
    expect(set('weights[3]', 8)).toBe(8);
    expect(set('inner::big[1]', 2 ** 40)).toBe(2n ** 40n);
    expect(value('squares[3]', 4)).not.toBe(1000); // of another thread
  });

  test('changes what the kernel computes', async () => {
    await stopAt('7.5', at('product = scaled'));
    debug.deleteBreakpoint(1);
    debug.setVariable('copy.x', 50);
    debug.breakAt(at('return result'), { thread: [3, 0, 0] });
    debug.continue();
    await debug.stopped();
    expect(value('result')).toBe(100);
    expect(value('result', 4)).toBe(3);
  });

  test('registers by their types', async () => {
    await stopAt('7.5', at('out[i] ='));
    const types = new Map(debug.registers().map(({ name, type }) => [type, name]));
    for (const [type, given, expected] of [
      ['f32', 0.1, Math.fround(0.1)],
      ['f64', 0.1, 0.1],
      ['b32', -1, 0xffffffff],
      ['b32', 1.5, 0x3fc00000],
      ['b64', 2n ** 63n, 2n ** 63n],
      ['b16', 0xabcd, 0xabcd],
      ['pred', true, true],
      ['pred', 0, false],
    ] as const) {
      const name = types.get(type)!;
      debug.setRegister(name, given);
      expect(debug.register(name)?.value).toBe(expected);
    }
  });

  test('what cannot be', async () => {
    await stopAt('7.5', at('out[i] ='));
    const range = { code: 'ERR_CUDA_ARG_RANGE' };
    const type = { code: 'ERR_CUDA_ARG_TYPE' };
    const refused = { code: 'ERR_CUDA_DEBUGGER' };
    for (const [call, expected] of [
      [() => debug.setVariable('letter', 256), range],
      [() => debug.setVariable('letter', 1.5), range],
      [() => debug.setVariable('i', -(2n ** 31n) - 1n), range],
      [() => debug.setVariable('i', Number.NaN), range],
      [() => debug.setVariable('last', 2), type],
      [() => debug.setVariable('i', '3' as never), type],
      [() => debug.setVariable('bits.low', 8), range],
      [() => debug.setVariable('copy', 1), refused],
      [() => debug.setVariable('count', 1), refused],
      [() => debug.setVariable('nobody', 1), refused],
      [() => debug.setVariable('names[0]', 1), refused],
      [() => debug.setRegister('%tid.x', 1), refused],
      [() => debug.setRegister('%nothing', 1), refused],
      [() => debug.setRegister('%r1', 2n ** 32n), range],
      [() => debug.setMemory('shared', 2 ** 30, new Uint8Array(4)), range],
      [() => debug.setMemory('nowhere' as never, 0, new Uint8Array(4)), type],
      [() => debug.setMemory('shared', 0, [1] as never), type],
    ] as const) {
      expect(thrown(call)).toMatchObject(expected);
    }
    debug.setMemory('shared', 4, Uint8Array.of(0, 0, 0x80, 0x3f));
    expect(value('tile[0][1]')).toBe(1);
    expect(Array.from(debug.memory('shared', 4, 4))).toEqual([0, 0, 0x80, 0x3f]);
  });
});

describe('conditions on variables', () => {
  /** Where it stops from now on, until the device has done all. */
  async function tour(go = () => debug.continue(), most = 50) {
    const seen: string[] = [];
    const done = device.synchronize().then(() => null);
    for (let i = 0; i < most; i++) {
      const stop = await Promise.race([debug.stopped(), done]);
      if (stop === null) return seen;
      seen.push(
        `${stop.breakpoint ?? stop.reason} ${stop.source?.split(':')[1]} ${stop.thread[0]}`,
      );
      go();
    }
    throw new Error(`still not done: ${seen}`);
  }
  const loop = at('squares[k] = square + count').split(':')[1];

  test.each([
    ['k == 2', [`2 ${loop} 0`]],
    ['square >= 4', [`2 ${loop} 0`, `2 ${loop} 0`]],
    ['i == 7', Array(4).fill(`2 ${loop} 7`)],
    ['k > 3', []],
    ['in[i] > 30.25', Array(4).fill(`2 ${loop} 30`)],
    ['node->value == 1.25', Array(4).fill(`2 ${loop} 0`)],
    ['given.tags[1] == 8', Array(4).fill(`2 ${loop} 0`)],
    ['given == 8', []],
    ['threadIdx.x == 6', Array(4).fill(`2 ${loop} 6`)],
  ])('%s', async (when, expected) => {
    await stopAt('7.5', 'variables', 0);
    debug.breakAt(at('squares[k] = square + count'), { when });
    debug.continue();
    expect(await tour()).toEqual(expected);
  });

  test('for a thread, beside others at the same place, and on the way of a step', async () => {
    await stopAt('7.5', at('int squares[4]'), 0);
    const where = at('squares[k] = square + count');
    debug.breakAt(where, { when: 'k == 3', thread: [5, 0, 0] });
    debug.breakAt(where, { when: 'k == 1' });
    debug.breakAt(where, { when: '%tid.x == 9' });
    debug.deleteBreakpoint(1);
    debug.step('out');
    expect(await tour(() => debug.step('out'))).toEqual([
      `4 ${loop} 9`,
      `3 ${loop} 0`,
      `4 ${loop} 9`,
      `2 ${loop} 5`,
    ]);
  });

  test('a step ends where a condition does not hold', async () => {
    await stopAt('7.5', at('word->number = result'), 0);
    debug.breakAt(at('return result'), { when: 'result == 99' });
    debug.step();
    expect(await debug.stopped()).toMatchObject({ reason: 'step' });
  });

  test('a pause is not lost among them', async () => {
    await stopAt('7.5', 'variables', 0);
    debug.breakAt(at('squares[k] = square + count'), { when: 'k == 77' });
    debug.continue();
    debug.pause();
    expect(await debug.stopped()).toMatchObject({ reason: 'pause' });
  });

  test('one that cannot be told stops, and says why', async () => {
    await stopAt('7.5', 'variables', 0);
    debug.breakAt(at('squares[k] = square + count'), { when: 'nobody == 1' });
    debug.continue();
    expect(await debug.stopped()).toMatchObject({
      reason: 'breakpoint',
      breakpoint: 2,
      message: 'its condition nobody == 1: There is no variable nobody here',
    });
  });

  test.each(['x', '== 3', 'x == y', 'x = 3', 'x! == 3', 'x+1 == 3', 'x == 3 4'])(
    '%s is none',
    (when) => {
      debug = cuda.debugger();
      device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
      expect(thrown(() => debug.breakAt('k', { when }))).toBeInstanceOf(RangeError);
    },
  );
});

test('expressions that are none, or stand for nothing', async () => {
  await stopAt('7.5', at('int sum = deep(2)'));
  for (const expression of [
    '',
    'i +',
    '1',
    'tile[',
    'copy..x',
    'i b',
    '*',
    '()',
    '((i)',
    '%r1',
    'x;',
  ]) {
    expect(thrown(() => debug.variable(expression))).toBeInstanceOf(RangeError);
  }
  expect(thrown(() => debug.variable(7 as never))).toBeInstanceOf(TypeError);
  for (const [expression, message] of [
    ['nobody', 'There is no variable nobody here'],
    ['copy.z', 'Point has no member z'],
    ['i[0]', 'uint is no pointer or array'],
    ['*i', 'uint is no pointer or array'],
    ['*anything', 'void * points to no values'],
    ['i.x', 'uint has no member x'],
    ['tile[%r9999]', 'There is no register %r9999 here'],
  ] as const) {
    expect(thrown(() => debug.variable(expression))).toMatchObject({
      name: 'CudaDebuggerError',
      message,
    });
  }
  expect(thrown(() => debug.variable(`${'('.repeat(300)}i`))).toBeInstanceOf(RangeError);
});

test('nothing is stopped', async () => {
  await stopAt('7.5', at('out[i] ='));
  debug.deleteBreakpoint(1);
  debug.continue();
  await device.synchronize();
  expect(thrown(() => debug.variables())).toMatchObject({ name: 'CudaDebuggerError' });
  expect(thrown(() => debug.variable('i'))).toMatchObject({ name: 'CudaDebuggerError' });
});

test('a module without them says so', async () => {
  debug = cuda.debugger();
  device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  const module = device.loadModule(PTX);
  const data = device.alloc('float32', 32);
  kept.push(module, data);
  debug.breakAt('branch');
  module.kernel('branch', ['float32*']).launch({ grid: 1, block: 32 }, data);
  await debug.stopped();
  for (const look of [() => debug.variables(), () => debug.variable('x')]) {
    expect(thrown(look)).toMatchObject({
      name: 'CudaDebuggerError',
      message: 'The module has no names of variables: they are there when it is compiled with -G',
    });
  }
});

test('damaged PTX is refused, and nothing else happens', () => {
  const lines = read('variables.ptx').split('\n');
  const begin = lines.findIndex((line) => /^\s*\.section/.test(line));
  const data = lines.flatMap((line, i) => (i > begin && /^\s*\.b(8|32|64) /.test(line) ? [i] : []));
  const machine = {
    line: lines.findIndex((line) => line.includes('st.global') || line.includes('ret;')) + 1,
    register: () => 0x1234n,
    symbol: () => ({ space: 'local' as const, address: 8n }),
    memory: (_space: string, _address: bigint, bytes: number) => new Uint8Array(bytes).fill(7),
  };
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  let refused = 0;
  for (let i = 0; i < 150; i++) {
    const damaged = [...lines];
    for (let j = 0; j <= i % 3; j++) {
      const which = data[random(data.length)]!;
      damaged[which] = i % 7 === 0 ? '' : `.b8 ${random(256)}`;
    }
    if (i % 11 === 0) damaged.splice(data[random(data.length)]!, 500);
    for (const machineAt of [machine, { ...machine, line: random(lines.length) }]) {
      try {
        const module = new ModuleVariables(damaged);
        module.locals(machineAt);
        module.value('node->next->value', machineAt);
        module.value('copy', machineAt);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_CUDA_DEBUGGER' });
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(40);
});
