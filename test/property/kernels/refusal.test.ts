// Launches with something wrong in them: none reaches the runtime, and each is refused with a code.
import fc from 'fast-check';
import {
  cuda,
  type Device,
  type DeviceBuffer,
  type Kernel,
  type Stream,
} from '../../../lib/index.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { thrown } from '../../support/errors.js';
import { idle, ptx } from '../../support/kernels.js';

let faulty: FaultyDevice;
let device: Device;
let foreign: Device;
let typed: Kernel;
let untyped: Kernel;
let right: unknown[];
let streams: Record<string, Stream>;
let wrongBuffers: DeviceBuffer[];

const STRUCT = { struct: { a: 'int32', v: 'float32[2]', p: 'float32*' } } as const;
const PARAMETERS = [
  ...[
    '.param .u64 p',
    '.param .u64 q',
    '.param .f32 a',
    '.param .u32 n',
    '.param .s64 l',
    '.param .u8 b',
  ],
  ...['.param .align 8 .b8 s[24]', '.param .align 2 .b8 h[2]', '.param .align 16 .b8 v[16]'],
].join(', ');
const SIGNATURE = [
  ...(['float32*', 'const void*', 'float32', 'uint32', 'int64', 'bool'] as const),
  ...([STRUCT, 'float16', 'uint8[16]'] as const),
] as const;

beforeAll(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
  foreign = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  const code = device.loadModule(ptx(idle('k', PARAMETERS)));
  typed = code.kernel('k', SIGNATURE) as unknown as Kernel;
  untyped = code.kernel('k');
  const x = device.alloc('float32', 8);
  right = [x, x, 1, 2, 3, true, { a: 1, v: [1, 2], p: x }, 1, new Uint8Array(16)];
  const gone = device.alloc('float32', 8);
  gone.dispose();
  wrongBuffers = [gone, foreign.alloc('float32', 8)];
  const closed = device.createStream();
  closed.dispose();
  streams = { closed, foreign: foreign.createStream() };
});
afterAll(() => {
  foreign.dispose();
  closeFaultyDevices();
});

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const detached = () => {
  const view = new Uint8Array(16);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
};

/** Wrong for every parameter there is. */
const NOWHERE: (() => unknown)[] = [
  ...[undefined, '', '7', 'float32', Symbol('x'), Symbol.iterator, () => 1, class {}].map(
    (v) => () => v,
  ),
  ...[new Date(0), new Map(), /x/, Object(1), Object(1n), new Error('x'), globalThis].map(
    (v) => () => v,
  ),
  () => new Proxy({}, {}),
  revoked,
  detached,
  () => new Uint8Array(15),
  () => new Uint8Array(17),
  () => [],
  () => new Array(2 ** 32 - 1),
  () => Object.create(null),
  () => Promise.resolve(1),
  () => device,
  () => typed,
  () => wrongBuffers[0],
  () => wrongBuffers[1],
  () => new Proxy(right[0] as object, {}),
  () => Object.create(right[0] as object),
];
const NUMBERS = [
  ...[
    Number.NaN,
    1 / 0,
    -1 / 0,
    -1,
    0.5,
    2 ** 31,
    2 ** 32,
    2 ** 32 + 5,
    2 ** 53,
    1e308,
    -(2 ** 63),
  ],
  ...[-1n, 2n ** 32n, 2n ** 64n, -(2n ** 64n), 2n ** 1000n],
];
const nowhere = fc.constantFrom(...NOWHERE);

/** Parameter and value that do not fit. */
const wrongArgument = fc.oneof(
  fc.tuple(fc.nat({ max: SIGNATURE.length - 1 }), nowhere),
  fc.tuple(
    fc.constantFrom(0, 1, 5, 6, 8),
    fc.constantFrom(...NUMBERS).map((value) => () => value),
  ),
  fc.tuple(
    fc.constant(3),
    fc
      .constantFrom(...NUMBERS)
      .filter((value) => !(value >= 0 && value < 2 ** 32 && Number.isInteger(Number(value))))
      .map((value) => () => value),
  ),
  fc.tuple(
    fc.constantFrom(2, 7),
    fc.constantFrom(1n, null, true, [1]).map((value) => () => value),
  ),
  fc.tuple(
    fc.constant(6),
    fc
      .tuple(fc.constantFrom('a', 'v', 'p', 'zz', '__proto__x', 'v.0'), nowhere)
      .map(([field, value]) => () => ({ ...(right[6] as object), [field]: value() })),
  ),
  fc.tuple(
    fc.constant(8),
    fc
      .array(fc.constantFrom(1, 256, -1, '1', 0.5), { minLength: 16, maxLength: 16 })
      .filter((values) => values.some((value) => value !== 1))
      .map((value) => () => value),
  ),
);

/** That a call is refused as it should be. What a revoked Proxy throws is the engine's own. */
function refused(call: () => unknown, mayBeOwn: boolean): void {
  const error = thrown(call) as Error & { code?: string; fatal?: boolean };
  if (!(mayBeOwn && error.code === undefined && /revoked/.test(error.message))) {
    expect(error.code).toMatch(/^ERR_CUDA_(ARG_TYPE|ARG_RANGE|DISPOSED|WRONG_DEVICE)$/);
    expect(error.message.length).toBeLessThan(600);
  }
  expect(faulty.log()).toEqual([]);
}

const ONE = { grid: 1, block: 1 } as const;

test('a wrong argument', () => {
  fc.assert(
    fc.property(wrongArgument, fc.boolean(), ([index, value], prepare) => {
      const args = [...right];
      args[index] = value();
      faulty.clearLog();
      const method = prepare ? 'prepare' : 'launch';
      refused(() => typed[method](ONE, ...(args as number[])), true);
    }),
    { numRuns: 1500 },
  );
  typed.launch(ONE, ...(right as number[]));
  expect(faulty.log()).toContain('LaunchKernelExC');
});

test('a wrong argument in place of one of a prepared launch', () => {
  using prepared = typed.prepare(ONE, ...(right as number[]));
  fc.assert(
    fc.property(wrongArgument, ([index, value]) => {
      const given = value();
      faulty.clearLog();
      refused(() => prepared.set(index, given as never), true);
    }),
    { numRuns: 500 },
  );
  prepared.run();
});

test('another number of arguments', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          nowhere,
          fc.constantFrom(...NUMBERS).map((v) => () => v),
        ),
      ),
      fc.boolean(),
      (values, hasSignature) => {
        fc.pre(values.length !== SIGNATURE.length);
        faulty.clearLog();
        const args = values.map((value) => value()) as number[];
        refused(() => (hasSignature ? typed : untyped).launch(ONE, ...args), false);
      },
    ),
    { numRuns: 300 },
  );
});

// fast-check looks into values, which a revoked Proxy does not bear: it is brought in later.
const REVOKED = Symbol('a revoked Proxy');

function bring(value: unknown): () => unknown {
  if (value === REVOKED) return revoked;
  if (Array.isArray(value)) return () => value.map((each) => bring(each)());
  const isPlain =
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return () => value;
  return () => Object.fromEntries(Object.entries(value).map(([key, each]) => [key, bring(each)()]));
}

const extent = (good: readonly number[], most: number) => {
  const bad = fc.constantFrom<unknown>(
    ...[0, -0, -1, 0.5, Number.NaN, 1 / 0, 2 ** 53, 1e308, most + 1, 0n, -1n, 2n ** 64n],
    ...['1', null, {}, true, Symbol('x'), REVOKED, detached(), () => 1],
  );
  const fine = fc.constantFrom<unknown>(...good);
  return fc.oneof(
    bad,
    fc.tuple(bad, fine),
    fc.tuple(fine, bad),
    fc.tuple(fine, fine, bad),
    fc.constantFrom<unknown>(
      [],
      [1, 1, 1, 1],
      [[1]],
      [1, undefined],
      new Uint8Array(3),
      new Set([1]),
    ),
  );
};
const never = fc.constantFrom<unknown>(null, {}, 7, '', [], Symbol('x'), REVOKED);

/** Options that name something wrong. */
const wrongOptions = fc.oneof(
  extent([1, 2], 2 ** 31 - 1).map((grid) => ({ ...ONE, grid })),
  extent([1, 2], 1024).map((block) => ({ ...ONE, block })),
  extent([1], 8).map((cluster) => ({ ...ONE, cluster })),
  fc
    .constantFrom<unknown>(
      ...[-1, 0.5, Number.NaN, 2 ** 18, 2 ** 53, -1n, 2n ** 64n, '0', null, {}],
    )
    .map((sharedMemoryBytes) => ({ ...ONE, sharedMemoryBytes })),
  never.map((stream) => ({ ...ONE, stream })),
  fc.constantFrom('closed', 'foreign').map((name) => ({ ...ONE, stream: streams[name]! })),
  never.map((cooperative) => ({ ...ONE, cooperative })),
  never.map((programmatic) => ({ ...ONE, programmatic })),
  fc
    .string({ minLength: 1 })
    .filter((key) => !/^(grid|block|cluster|stream|sh|coop|prog)/.test(key))
    .map((key) => Object.defineProperty({ ...ONE }, key, { value: 1, enumerable: true })),
  fc.constantFrom<unknown>(
    undefined,
    null,
    7,
    '',
    [],
    {},
    { grid: 1 },
    { block: 1 },
    Symbol('x'),
    REVOKED,
  ),
);

test('wrong options', () => {
  fc.assert(
    fc.property(wrongOptions.map(bring), fc.boolean(), (bringOptions, prepare) => {
      const options = bringOptions();
      faulty.clearLog();
      const method = prepare ? 'prepare' : 'launch';
      refused(() => typed[method](options as never, ...(right as number[])), true);
    }),
    { numRuns: 1500 },
  );
});
