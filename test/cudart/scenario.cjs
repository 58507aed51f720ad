// What a program does with a GPU, in small steps, against the double. Run by tests as a process of its
// own, because a fatal error stays for the life of the process:
//   node scenario.cjs                        twice, with what NODECUDA_DOUBLE_FAIL orders
//   SCENARIO='CODE CALL...' node scenario.cjs  for each call, failing with CODE once and for good
// Prints JSON: the errors of each run, and what was called.
const { join } = require('node:path');
const { CudaError, cuda } = require('../..');
const control = require(join(process.env.NODECUDA_PREBUILD, 'control.node'));

const M = 64;
const values = new Float32Array(M * M).fill(2);
const PTX = `
.version 7.8
.target sm_75
.address_size 64
.visible .global .f32 cell;
.visible .entry store(.param .u64 x) {
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [x];
  st.global.f32 [%rd1], 0f40000000;
  ret;
}
`;

/** The steps, each with the objects that those before it have made. */
const steps = {
  open: (its) => {
    cuda.diagnose();
    its.device = cuda.device();
  },
  memory: ({ device }) => {
    device.memoryInfo();
    device.trim();
  },
  preload: ({ device }) => device.preload(['elementwise']),
  operands: (its) => {
    its.x = its.device.from(values);
    its.half = its.device.alloc('float16', M * M);
  },
  add: ({ device, x }) => device.add(x, x).dispose(),
  copy: ({ device, x }) =>
    device
      .alloc('float32', M * M)
      .copyFrom(x)
      .dispose(),
  matmul: ({ device, x }) => device.matmul(x, x, { m: M, n: M, k: M }).dispose(),
  'tensor maps': ({ device, half }) => {
    const variant = 'wgmma_float16_128x64';
    device.matmul(half, half, { m: M, n: M, k: M, variant }).dispose();
  },
  'own kernels': ({ device, x }) => {
    const module = device.loadModule(PTX);
    const kernel = module.kernel('store', ['float32*']);
    kernel.launch({ grid: 1, block: kernel.suggestBlockSize() }, x);
    module.global('cell', 'float32').fill(2).dispose();
    kernel.dispose();
    module.dispose();
  },
  textures: ({ device, x }) => {
    const array = device.createTextureArray({
      dtype: 'float32',
      width: M,
      height: M,
      surface: true,
    });
    try {
      array.copyFrom(x);
      device.createTexture(array, { filter: 'linear' }).dispose();
      device.createTexture(x, { width: M, height: M }).dispose();
      device.createSurface(array).dispose();
    } finally {
      array.dispose();
    }
  },
  streams: async ({ device, x }) => {
    const stream = device.createStream({ priority: device.streamPriorities.greatest });
    try {
      x.fill(2, { stream });
      await stream.synchronize();
      stream.synchronizeSync();
    } finally {
      stream.dispose();
    }
  },
  events: async ({ device }) => {
    const [event, end] = [device.createEvent(), device.createEvent()];
    event.record();
    device.defaultStream.waitFor(event);
    end.record();
    event.query();
    await event.synchronize();
    end.synchronizeSync();
    event.elapsedMs(end);
    event.dispose();
    end.dispose();
  },
  read: async ({ x }) => {
    if ((await x.read())[0] !== 2 || x.readSync()[1] !== 2) throw new Error('wrong numbers');
  },
  synchronize: async ({ device }) => {
    await device.synchronize();
    device.synchronizeSync();
  },
};

/** Runs the steps; what each that fails throws. A step whose objects are missing is left out. */
async function run() {
  const its = {};
  const errors = [];
  for (const [step, action] of Object.entries(steps)) {
    try {
      await action(its);
    } catch (error) {
      // What is not there because an earlier step has failed.
      const isWhole = its.device && its.x && its.half;
      if (error instanceof TypeError && errors.length > 0 && !isWhole) continue;
      const { name, code, status, fatal, message } = error;
      errors.push({ step, typed: error instanceof CudaError, name, code, status, fatal, message });
    }
  }
  const before = control.count('*');
  its.device?.dispose();
  return { errors, callsOfDispose: control.count('*') - before };
}

async function main() {
  const [code, ...calls] = process.env.SCENARIO?.split(' ') ?? [];
  const runs = [];
  if (code === undefined) {
    runs.push(await run());
    // Once more: after a fatal error nothing reaches CUDA any more.
    const before = control.count('*');
    runs.push({ ...(await run()), calls: control.count('*') - before });
  } else {
    await run();
    for (const call of calls) {
      for (const mode of ['once', 'persistent']) {
        control.fail(`${call}:1:${code}:${mode}`);
        const { errors } = await run();
        control.clear();
        const left = await run();
        runs.push({ call, mode, errors, afterwards: left.errors });
      }
    }
  }
  const counts = {};
  for (const call of control.calls().split(' ')) counts[call] = control.count(call);
  const live = {};
  for (const kind of ['stream', 'event', 'pool', 'device memory', 'pinned memory', 'library']) {
    live[kind] = control.live(kind);
  }
  process.stdout.write(JSON.stringify({ runs, counts, live }));
}

main();
