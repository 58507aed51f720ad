// What PTX has and the simulated device leaves out says so in words of its own.
import { cuda } from '../../../lib/index.js';

const device = cuda.simulatedDevice({ memoryBytes: 2 ** 24 });
afterAll(() => device.dispose());

test.each([
  ['multimem.st.relaxed.sys.global.u32 [%d0], %r0;', 'multicast objects span several devices'],
  ['multimem.ld_reduce.relaxed.sys.global.add.u32 %r0, [%d0];', 'multicast objects'],
  ['tcgen05.wait::ld.sync.aligned;', 'tensor memory is not supported'],
  ['istypep.texref %p0, %d0;', 'references are not supported: objects are'],
  ['cvt.rs.f16x2.f32 %r0, %f0, %f1, %r1;', 'stochastic rounding'],
  ['fma.rn.oob.f16 %h0, %h1, %h2, %h3;', 'does not say which NaN'],
  ['sust.p.2d.b32.clamp [%d0, {%r0, %r1}], %r2;', 'formatted stores'],
  ['tex.2dms.v4.f32.s32 {%f0, %f1, %f2, %f3}, [%d0, {%r0, %r1, %r2, %r3}];', 'multisampled'],
  ['tex.a2dms.v4.f32.s32 {%f0, %f1, %f2, %f3}, [%d0, {%r0, %r1, %r2, %r3}];', 'multisampled'],
])('%s', (text, words) => {
  using module = device.loadModule(`.version 9.0
.target sm_90a
.address_size 64
.visible .entry k ()
{
  .reg .pred %p<2>;
  .reg .b16 %h<4>;
  .reg .b32 %r<4>;
  .reg .f32 %f<4>;
  .reg .b64 %d<2>;
  ${text}
  ret;
}
`);
  expect(() => module.kernel('k', [])).toThrow(words);
});
