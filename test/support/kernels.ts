// PTX for tests of modules and kernels. Plain enough for every GPU that the package supports.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './child.js';

/** A module with these declarations and kernels. */
export function ptx(...parts: string[]): string {
  return `.version 7.8\n.target sm_75\n.address_size 64\n\n${parts.join('\n')}`;
}

/** A kernel that does nothing, with those parameters: `.param .u64 p, .param .u32 n`. */
export function idle(name: string, parameters = '', directives = ''): string {
  return `.visible .entry ${name}(${parameters}) ${directives}\n{\n  ret;\n}\n`;
}

// The number of the thread, in %r1, and the address of its element of 4 bytes in %rd2.
const ELEMENT = `
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  .reg .pred %p<3>;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %tid.x;
  mad.lo.u32 %r1, %r1, %r2, %r3;
  ld.param.u64 %rd1, [p];
  mul.wide.u32 %rd2, %r1, 4;
  add.u64 %rd2, %rd1, %rd2;`;

/** store(p, value): p[i] = value of 32 bits, for each thread. */
export const STORE = `.visible .entry store(.param .u64 p, .param .u32 value)
{${ELEMENT}
  ld.param.u32 %r4, [value];
  st.global.u32 [%rd2], %r4;
  ret;
}
`;

/** copy(p, from): p[i] = from[i] of 32 bits, for each thread. */
export const COPY = `.visible .entry copy(.param .u64 p, .param .u64 from)
{${ELEMENT}
  ld.param.u64 %rd3, [from];
  mul.wide.u32 %rd4, %r1, 4;
  add.u64 %rd4, %rd3, %rd4;
  ld.global.u32 %r4, [%rd4];
  st.global.u32 [%rd2], %r4;
  ret;
}
`;

/** slow(p, from, n): p[i] = from[i] of 32 bits after n rounds of nothing. */
export const SLOW = `.visible .entry slow(.param .u64 p, .param .u64 from, .param .u32 n)
{${ELEMENT}
  ld.param.u64 %rd3, [from];
  ld.param.u32 %r5, [n];
  mov.u32 %r6, 0;
again:
  add.u32 %r6, %r6, 1;
  setp.lt.u32 %p1, %r6, %r5;
  @%p1 bra again;
  mul.wide.u32 %rd4, %r1, 4;
  add.u64 %rd4, %rd3, %rd4;
  ld.global.u32 %r4, [%rd4];
  st.global.u32 [%rd2], %r4;
  ret;
}
`;

/**
 * dynamic(p, last): a word of dynamic shared memory, written and read again; both(p) has 1 KiB of its own.
 */
export const DYNAMIC = `.extern .shared .align 16 .b8 dynamic_shared[];
.visible .entry dynamic(.param .u64 p, .param .u32 last)
{
  .reg .b32 %r<5>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r1, [last];
  mov.u32 %r2, dynamic_shared;
  add.u32 %r2, %r2, %r1;
  st.shared.u32 [%r2], %r1;
  bar.sync 0;
  ld.shared.u32 %r3, [%r2];
  st.global.u32 [%rd1], %r3;
  ret;
}
.visible .entry both(.param .u64 p)
{
  .shared .align 4 .b8 own[1024];
  .reg .b32 %r<3>;
  mov.u32 %r1, own;
  st.shared.u32 [%r1], %r1;
  ret;
}
`;

/** saxpy(a, x, y, n) as nvcc compiles it: y = a * x + y. */
export const SAXPY = `.visible .entry saxpy(
  .param .f32 saxpy_param_0,
  .param .u64 saxpy_param_1,
  .param .u64 saxpy_param_2,
  .param .u32 saxpy_param_3
)
{
  .reg .pred %p<2>;
  .reg .f32 %f<5>;
  .reg .b32 %r<6>;
  .reg .b64 %rd<8>;
  ld.param.f32 %f1, [saxpy_param_0];
  ld.param.u64 %rd1, [saxpy_param_1];
  ld.param.u64 %rd2, [saxpy_param_2];
  ld.param.u32 %r2, [saxpy_param_3];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r1, %r3, %r4, %r5;
  setp.ge.u32 %p1, %r1, %r2;
  @%p1 bra $L__BB0_2;
  cvta.to.global.u64 %rd3, %rd1;
  mul.wide.u32 %rd4, %r1, 4;
  add.s64 %rd5, %rd3, %rd4;
  cvta.to.global.u64 %rd6, %rd2;
  add.s64 %rd7, %rd6, %rd4;
  ld.global.f32 %f2, [%rd7];
  ld.global.f32 %f3, [%rd5];
  fma.rn.f32 %f4, %f1, %f3, %f2;
  st.global.f32 [%rd7], %f4;
$L__BB0_2:
  ret;
}
`;

/** A parameter of the kernel that {@link echo} makes. */
export interface EchoParameter {
  /** As PTX declares it, up to the name: `.param .align 8 .b8`. */
  readonly declaration: string;
  /** Behind the name: `[24]`. */
  readonly extent?: string;
  readonly bytes: number;
}

/** A kernel echo(out, ...): writes the bytes of its other parameters to `out`, one after the other. */
export function echo(parameters: readonly EchoParameter[], name = 'echo'): string {
  const declared = parameters.map(
    ({ declaration, extent = '' }, i) => `,\n  ${declaration} p${i}${extent}`,
  );
  let at = 0;
  const copies = parameters.flatMap(({ bytes }, i) =>
    Array.from(
      { length: bytes },
      (_, byte) => `  ld.param.u8 %rs1, [p${i}+${byte}];\n  st.global.u8 [%rd1+${at++}], %rs1;\n`,
    ),
  );
  return `.visible .entry ${name}(
  .param .u64 out${declared.join('')}
)
{
  .reg .b16 %rs<2>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [out];
${copies.join('')}  ret;
}
`;
}

/** The path of a half of a program, as nvcc makes it: test/native/fixtures/link. */
export function half(name: string): string {
  return join(root, 'test/native/fixtures/link', name);
}

export const halfText = (name: string): string => readFileSync(half(name), 'utf8');

/** twice(x) = 2 x, and calls, which counts. */
export const LIBRARY = `.version 7.8
.target sm_75
.address_size 64
.visible .global .align 4 .u32 calls = 3;
.visible .func (.param .b32 r) twice(.param .b32 x)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [x];
  add.s32 %r2, %r1, %r1;
  st.param.b32 [r], %r2;
  ret;
}
`;

/** use(p): *p = twice(*p), and one more of calls. */
export const PROGRAM = `.version 7.5
.target sm_70
.address_size 64
.extern .global .align 4 .u32 calls;
.extern .func (.param .b32 r) twice(.param .b32 x);
.visible .entry use(.param .u64 p)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [p];
  ld.global.u32 %r1, [%rd1];
  {
  .param .b32 x;
  st.param.b32 [x], %r1;
  .param .b32 r;
  call.uni (r), twice, (x);
  ld.param.b32 %r2, [r];
  }
  st.global.u32 [%rd1], %r2;
  ld.global.u32 %r3, [calls];
  add.u32 %r3, %r3, 1;
  st.global.u32 [calls], %r3;
  ret;
}
`;
