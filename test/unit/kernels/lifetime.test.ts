// Who keeps what alive: modules, kernels, variables, prepared launches. Hazards H14 to H18, H22, H24.
import {
  cuda,
  type Device,
  Kernel,
  Module,
  PreparedLaunch,
  type TensorMap,
} from '../../../lib/index.js';
import { runChild } from '../../support/child.js';
import { closeFaultyDevices, type FaultyDevice, openFaultyDevice } from '../../support/devices.js';
import { DISPOSED, failure } from '../../support/errors.js';
import { refusedBy } from '../../support/faults.js';
import { COPY, ptx, SLOW, STORE } from '../../support/kernels.js';

const TEXT = ptx(STORE, COPY, SLOW, '.visible .global .u32 cell;');
const ONE = { grid: 1, block: 1 } as const;
const LONG = 200_000;

let faulty: FaultyDevice;
let device: Device;
beforeEach(() => {
  faulty = openFaultyDevice();
  device = faulty.device;
});
afterEach(closeFaultyDevices);

/** Waits until nothing of the kind is left. A thread gives back what there may be to wait for. */
async function gone(kind: 'libraries' | 'pools'): Promise<void> {
  for (let i = 0; i < 1000 && faulty.live()[kind] > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(faulty.live()[kind]).toBe(0);
}

const unloaded = () => gone('libraries');

const unloads = () => faulty.log().filter((call) => call === 'LibraryUnload').length;

function everything() {
  const code = device.loadModule(TEXT);
  const store = code.kernel('store', ['uint32*', 'uint32']);
  const cell = code.global('cell', 'uint32');
  const out = device.alloc('uint32', 1);
  const prepared = store.prepare(ONE, out, 7);
  return { code, store, cell, out, prepared };
}

test('dispose may be called again, by hand and by using', () => {
  const { code, store, prepared } = everything();
  for (const each of [code, store, prepared]) {
    expect(each.disposed).toBe(false);
    {
      using same = each;
      same.dispose();
      same.dispose();
    }
    expect(each.disposed).toBe(true);
    expect(each.device).toBe(device);
  }
});

describe('after dispose every method is refused, without a CUDA call', () => {
  const modules: Record<string, (code: Module) => unknown> = {
    kernels: (code) => code.kernels,
    kernel: (code) => code.kernel('store'),
    global: (code) => code.global('cell'),
  };
  const kernels: Record<string, (kernel: Kernel) => unknown> = {
    launch: (kernel) => kernel.launch(undefined as never),
    prepare: (kernel) => kernel.prepare(undefined as never),
    occupancy: (kernel) => kernel.occupancy(undefined as never),
    suggestBlockSize: (kernel) => kernel.suggestBlockSize(undefined as never),
  };
  const launches: Record<string, (prepared: PreparedLaunch) => unknown> = {
    run: (prepared) => prepared.run(),
    set: (prepared) => prepared.set(undefined as never, undefined as never),
  };
  const staysUsable = ['code', 'constructor', 'device', 'disposed', 'dispose', 'info', 'name'];

  test('this list is complete', () => {
    for (const [Class, methods] of [
      [Module, modules],
      [Kernel, kernels],
      [PreparedLaunch, launches],
    ] as const) {
      const names = Object.getOwnPropertyNames(Class.prototype);
      expect(names.filter((name) => !staysUsable.includes(name)).sort()).toEqual(
        Object.keys(methods).sort(),
      );
    }
  });

  test.each(['by itself', 'with its device'])('%s', async (how) => {
    const { code, store, prepared } = everything();
    if (how === 'by itself') for (const each of [code, store, prepared]) each.dispose();
    else {
      device.dispose();
      await gone('pools');
    }
    for (const call of [
      ...Object.values(modules).map((method) => () => method(code)),
      ...Object.values(kernels).map((method) => () => method(store as unknown as Kernel)),
      ...Object.values(launches).map((method) => () => method(prepared)),
    ]) {
      await refusedBy(faulty, call, DISPOSED);
    }
    expect([store.name, store.info.name]).toEqual(['store', 'store']);
  });

  test('of the device', async () => {
    device.dispose();
    await refusedBy(faulty, () => device.loadModule(undefined as never), DISPOSED);
    await refusedBy(faulty, () => device.tensorMap(undefined as never), DISPOSED);
  });
});

describe('the code stays as long as it is needed', () => {
  test('by a kernel without a signature, whose arguments decide at each launch', async () => {
    const code = device.loadModule(TEXT);
    const store = code.kernel('store');
    code.dispose();
    const out = device.alloc('uint32', 1);
    store.launch(ONE, out, 7);
    expect(await out.read()).toEqual(Uint32Array.of(7));
    store.dispose();
    await unloaded();
  });

  test('by a prepared launch, whose kernel nobody holds', async () => {
    const code = device.loadModule(TEXT);
    const out = device.alloc('uint32', 1);
    const step = code.kernel('store', ['uint32*', 'uint32']).prepare(ONE, out, 7);
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc!();
    }
    step.set(1, 8).run();
    expect(await out.read()).toEqual(Uint32Array.of(8));
  });

  test('by a kernel', async () => {
    const { code, store, cell, out, prepared } = everything();
    for (const each of [code, cell, prepared]) each.dispose();
    store.launch(ONE, out, 9);
    expect(await out.read()).toEqual(new Uint32Array([9]));
    expect(faulty.live().libraries).toBe(1);
    store.dispose();
    await unloaded();
  });

  test('by a variable', async () => {
    const { code, store, cell, prepared } = everything();
    for (const each of [code, store, prepared]) each.dispose();
    using view = cell.slice();
    cell.writeSync(new Uint32Array([5]));
    cell.dispose();
    expect(await view.read()).toEqual(new Uint32Array([5]));
    expect(faulty.live().libraries).toBe(1);
    view.dispose();
    await unloaded();
  });

  test('by a prepared launch', async () => {
    const { code, store, cell, out, prepared } = everything();
    for (const each of [code, store, cell]) each.dispose();
    prepared.run();
    expect(await out.read()).toEqual(new Uint32Array([7]));
    expect(faulty.live().libraries).toBe(1);
    prepared.dispose();
    await unloaded();
  });

  test('and is unloaded once, with the last of them, in any order', async () => {
    for (const order of ['0123', '3210', '1302', '2031', '0312', '3102']) {
      const { code, store, cell, out, prepared } = everything();
      prepared.run();
      await out.read();
      faulty.clearLog();
      const parts = [code, store, cell, prepared];
      for (const [i, which] of [...order].entries()) {
        expect([order, i, faulty.live().libraries]).toEqual([order, i, 1]);
        parts[Number(which)]!.dispose();
      }
      out.dispose();
      await unloaded();
      expect(unloads()).toBe(1);
    }
    await device.synchronize();
  });

  test('at once when nothing was launched', () => {
    const { code, store, cell, prepared } = everything();
    cell.dispose();
    for (const each of [code, store, prepared]) each.dispose();
    const other = device.loadModule(TEXT);
    other.kernel('store').dispose();
    faulty.clearLog();
    other.dispose();
    expect(faulty.log()).toContain('LibraryUnload');
  });
});

describe('a launch that is under way', () => {
  test('goes on when all it was made of is disposed', async () => {
    using stream = device.createStream();
    using end = device.createEvent();
    const out = device.alloc('uint32', 1);
    const from = device.from(new Uint32Array([11]));
    {
      using code = device.loadModule(TEXT);
      using slow = code.kernel('slow', ['uint32*', 'const uint32*', 'uint32']);
      slow.launch({ ...ONE, stream }, out, from, 5 * LONG);
      end.record(stream);
    }
    from.dispose();
    faulty.clearLog();
    const read = out.read();
    out.dispose();
    const { libraries } = faulty.live();
    if (!end.query()) expect([libraries, unloads()]).toEqual([1, 0]);
    expect(await read).toEqual(new Uint32Array([11]));
    await unloaded();
    expect(unloads()).toBe(1);
  });

  test('keeps the code loaded, on each stream that it is on', async () => {
    const code = device.loadModule(TEXT);
    const slow = code.kernel('slow', ['uint32*', 'const uint32*', 'uint32']);
    using from = device.from(new Uint32Array([1]));
    const ends = Array.from({ length: 12 }, (_, i) => {
      using stream = device.createStream();
      const out = device.alloc('uint32', 1);
      slow.launch({ ...ONE, stream }, out, from, 1000 * (12 - i));
      const event = device.createEvent();
      event.record(stream);
      return { event, out };
    });
    slow.dispose();
    code.dispose();
    while (faulty.live().libraries > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const { event } of ends) expect(event.query()).toBe(true);
    for (const { out } of ends) expect(await out.read()).toEqual(new Uint32Array([1]));
  });

  test('is waited for when its device is disposed', async () => {
    const { code, out } = everything();
    const slow = code.kernel('slow', ['uint32*', 'const uint32*', 'uint32']);
    slow.launch(ONE, out, out, LONG);
    const read = out.read();
    device.dispose();
    expect(await read).toEqual(new Uint32Array([0]));
    await unloaded();
    expect(faulty.live()).toMatchObject({ allocations: 0 });
  });
});

test('nothing is called for what is disposed after a fatal error', async () => {
  const { code, store, cell, out, prepared } = everything();
  faulty.fail('LaunchKernelExC', 1, 700, 'sticky');
  expect(await failure(() => prepared.run())).toMatchObject({ fatal: true });
  faulty.clearLog();
  for (const each of [cell, out]) each.dispose();
  for (const each of [code, store, prepared]) each.dispose();
  expect(faulty.log()).toEqual([]);
});

test('all handles are given back, in 1000 rounds', async () => {
  const before = faulty.addon.liveHandles();
  for (let i = 0; i < 1000; i++) {
    const { code, store, cell, out, prepared } = everything();
    if (i % 10 === 0) prepared.run();
    for (const each of [cell, out]) each.dispose();
    for (const each of [code, store, prepared]) each.dispose();
  }
  expect(faulty.addon.liveHandles()).toEqual(before);
  await unloaded();
});

test('a handle that was closed is not taken for the next one', async () => {
  for (let i = 0; i < 20; i++) {
    const old = everything();
    for (const each of [old.code, old.store, old.prepared]) each.dispose();
    const next = everything();
    for (const call of [
      () => old.code.kernel('store'),
      () => old.store.launch(ONE, next.out, 1),
      () => old.prepared.run(),
    ]) {
      expect(await failure(call)).toMatchObject(DISPOSED);
    }
  }
});

// In a process of its own: see collection.test.ts.
test('what is dropped is given back, and a Module is warned about', async () => {
  const { stdout, stderr } = await runChild(
    `const { cuda } = require('nodecuda');
     const { native } = require('./dist/addon/load.js');
     const warned = [];
     process.emitWarning = (message) => warned.push(/^A (\\w+)/.exec(message)[1]);
     const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
     const live = () => JSON.stringify(native().liveHandles());
     (async () => {
       await device.synchronize();
       const before = live();
       const out = device.alloc('uint32', 1);
       (() => {
         for (let i = 0; i < 20; i++) {
           const code = device.loadModule(${JSON.stringify(TEXT)});
           const kernel = code.kernel('store', ['uint32*', 'uint32']);
           kernel.prepare({ grid: 1, block: 1 }, out, 7).run();
           code.global('cell');
         }
       })();
       console.log(out.readSync()[0]);
       out.dispose();
       for (let i = 0; i < 500 && live() !== before; i++) {
         gc();
         await new Promise((resolve) => setTimeout(resolve, 10));
       }
       console.log(live() === before, warned.join());
     })();`,
    { args: ['--expose-gc'] },
  );
  expect([stderr, stdout.trim().split('\n')]).toEqual(['', ['7', 'true Module']]);
});

test('who has a kernel or a variable of a Module has not forgotten it', async () => {
  const { stdout, stderr } = await runChild(
    `const { cuda } = require('nodecuda');
     process.emitWarning = (message) => console.log(/^A \\w+/.exec(message)[0]);
     const device = cuda.simulatedDevice({ memoryBytes: 2 ** 26 });
     const modules = [];
     const load = () => {
       const code = device.loadModule(${JSON.stringify(TEXT)});
       modules.push(new WeakRef(code));
       return code;
     };
     const make = () => [
       load().kernel('store').prepare({ grid: 1, block: 1 }, null, 1),
       load().kernel('store'),
       load().global('cell'),
       load().global('cell').slice(0),
     ];
     const alive = () => modules.filter((each) => each.deref() !== undefined).length;
     const collect = async (count) => {
       for (let i = 0; i < 500 && alive() > count; i++) {
         await new Promise((resolve) => setTimeout(resolve, 10)); // what was looked at is kept until then
         gc();
       }
     };
     (async () => {
       let kept = make();
       (() => load().dispose())();
       await collect(4);
       console.log(alive(), kept.length);
       kept = undefined;
       await collect(0);
       console.log(alive());
       await new Promise((resolve) => setTimeout(resolve, 10));
     })();`,
    { args: ['--expose-gc'] },
  );
  expect(stderr).toBe('');
  const [before, ...after] = stdout.trim().split('\n');
  expect(before).toBe('4 4');
  // Slices and variables that are dropped say nothing themselves.
  expect(after.sort()).toEqual(['0', 'A Module']);
});

test('a tensor map keeps nothing: its buffer must be open', async () => {
  using buffer = device.alloc('float32', 64);
  const map: TensorMap = device.tensorMap({ buffer, shape: [8, 8], box: [8, 8] });
  using code = device.loadModule(ptx('.visible .entry k(.param .align 64 .b8 map[128]) { ret; }'));
  const kernel = code.kernel('k', ['tensorMap']);
  const prepared = kernel.prepare(ONE, map);
  kernel.launch(ONE, map);
  prepared.run();
  buffer.dispose();
  expect(await failure(() => kernel.launch(ONE, map))).toMatchObject(DISPOSED);
  expect(await failure(() => prepared.run())).toMatchObject(DISPOSED);
});

test('a module of another device is another module', async () => {
  using other = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
  using here = device.loadModule(TEXT);
  using there = other.loadModule(TEXT);
  here.dispose();
  using out = other.alloc('uint32', 1);
  there.kernel('store', ['uint32*', 'uint32']).launch(ONE, out, 3);
  expect(await out.read()).toEqual(new Uint32Array([3]));
});
