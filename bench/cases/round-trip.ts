/** What it takes to launch a small kernel and to know that it is done. */
import type { Case, Context, Prepared } from '../measure/case';
import { AWAITED, BLOCKING, READ_BACK, ROUND_TRIP } from '../measure/names';

const LENGTH = 256;

// As nvcc makes it of `y[i] = a * x[i] + y[i]`, one thread per element.
const PTX = `
.version 7.8
.target sm_75
.address_size 64
.visible .entry saxpy(.param .f32 a, .param .u64 x, .param .u64 y) {
  .reg .f32 %f<5>;
  .reg .b32 %r<2>;
  .reg .b64 %rd<8>;
  ld.param.f32 %f1, [a];
  ld.param.u64 %rd1, [x];
  ld.param.u64 %rd2, [y];
  cvta.to.global.u64 %rd3, %rd1;
  cvta.to.global.u64 %rd4, %rd2;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd5, %r1, 4;
  add.s64 %rd6, %rd3, %rd5;
  add.s64 %rd7, %rd4, %rd5;
  ld.global.f32 %f2, [%rd6];
  ld.global.f32 %f3, [%rd7];
  fma.rn.f32 %f4, %f1, %f2, %f3;
  st.global.f32 [%rd7], %f4;
  ret;
}
`;

function prepare({ device }: Context): Prepared {
  const [x, y] = [device.alloc('float32', LENGTH), device.alloc('float32', LENGTH)];
  const module = device.loadModule(PTX);
  const kernel = module.kernel('saxpy', ['float32', 'const float32*', 'float32*']);
  const prepared = kernel.prepare({ grid: 1, block: LENGTH }, 2, x, y);
  const result = new Float32Array(LENGTH);
  return {
    contenders: [
      {
        name: BLOCKING,
        run(times) {
          for (let i = 0; i < times; ++i) {
            prepared.run();
            device.synchronizeSync();
          }
        },
      },
      {
        name: AWAITED,
        async run(times) {
          for (let i = 0; i < times; ++i) {
            prepared.run();
            await device.synchronize();
          }
        },
      },
      {
        name: READ_BACK,
        async run(times) {
          for (let i = 0; i < times; ++i) {
            prepared.run();
            await y.read(result);
          }
        },
      },
    ],
    dispose() {
      module.dispose();
      for (const buffer of [x, y]) buffer.dispose();
    },
  };
}

export function roundTripCases(context: Context): Case[] {
  return [{ name: ROUND_TRIP, prepare: () => prepare(context) }];
}
