// Kernels to be stopped, as a compiler with -lineinfo writes them: the lines are those of a file that
// `SOURCE` is.
const HEADER = `.version 7.5
.target sm_75
.address_size 64
`;

/** Values of all kinds in registers, and shared and local memory. */
export const SCALE = `
.visible .entry scale(.param .u64 data, .param .f32 factor)
{
  .reg .pred %p<2>;
  .reg .b16 %h<3>;
  .reg .f16 %hf<2>;
  .reg .b32 %r<8>;
  .reg .s32 %s<2>;
  .reg .u16 %su<2>;
  .reg .f32 %f<4>;
  .reg .f64 %g<2>;
  .reg .b64 %rd<4>;
  .shared .align 4 .b8 tile[256];
  .local .align 8 .b8 own[16];
  .loc 1 2 0
  ld.param.u64 %rd1, [data];
  ld.param.f32 %f1, [factor];
  mov.u32 %r1, %tid.x;
  .loc 1 3 0
  mov.u32 %r2, %ctaid.x;
  mad.lo.s32 %r3, %r2, 64, %r1;
  mul.wide.u32 %rd2, %r3, 4;
  add.s64 %rd3, %rd1, %rd2;
  .loc 1 4 0
  ld.global.f32 %f2, [%rd3];
  mul.f32 %f3, %f2, %f1;
  .loc 1 5 0
  cvt.f64.f32 %g1, %f3;
  neg.s32 %s1, %r1;
  cvt.u16.u32 %su1, %r1;
  cvt.rn.f16.f32 %hf1, %f3;
  setp.gt.u32 %p1, %r1, 7;
  .loc 1 6 0
  shl.b32 %r4, %r1, 2;
  mov.u32 %r5, tile;
  add.s32 %r5, %r5, %r4;
  st.shared.f32 [%r5], %f3;
  st.local.u32 [own+8], %r1;
  .loc 1 7 0
  bar.sync 0;
  .loc 1 8 0
  st.global.f32 [%rd3], %f3;
  .loc 1 9 0
  ret;
}
`;

/** Lanes below 16 take one way, the others another; then all go round three times. */
export const BRANCH = `
.visible .entry branch(.param .u64 out)
{
  .reg .pred %p<3>;
  .reg .b32 %r<6>;
  .reg .b64 %rd<4>;
  .loc 1 20 0
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  setp.lt.u32 %p1, %r1, 16;
  @%p1 bra LOW;
  .loc 1 21 0
  add.s32 %r2, %r1, 1000;
  bra JOIN;
LOW:
  .loc 1 22 0
  add.s32 %r2, %r1, 100;
JOIN:
  .loc 1 23 0
  add.s32 %r3, %r2, 0;
  and.b32 %r4, %r1, 0;
ROUND:
  .loc 1 24 0
  add.s32 %r3, %r3, 1;
  .loc 1 25 0
  add.s32 %r4, %r4, 1;
  setp.lt.u32 %p2, %r4, 3;
  @%p2 bra ROUND;
  .loc 1 26 0
  mul.wide.u32 %rd2, %r1, 4;
  add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3], %r3;
  ret;
}
`;

/** Calls itself, so that it is no part of its caller. */
export const CALLS = `
.func (.param .u32 result) factorial(.param .u32 n)
{
  .reg .pred %p<2>;
  .reg .b32 %r<5>;
  .loc 1 30 0
  ld.param.u32 %r1, [n];
  setp.le.u32 %p1, %r1, 1;
  mov.u32 %r3, 1;
  @%p1 bra DONE;
  .loc 1 31 0
  sub.s32 %r2, %r1, 1;
  {
    .param .u32 passed;
    .param .u32 given;
    st.param.u32 [passed], %r2;
    call.uni (given), factorial, (passed);
    ld.param.u32 %r3, [given];
  }
  mul.lo.s32 %r3, %r3, %r1;
DONE:
  .loc 1 32 0
  st.param.u32 [result], %r3;
  ret;
}
.visible .entry calls(.param .u64 out)
{
  .reg .b32 %r<4>;
  .reg .b64 %rd<2>;
  .loc 1 36 0
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  add.s32 %r1, %r1, 3;
  {
    .param .u32 passed;
    .param .u32 given;
    st.param.u32 [passed], %r1;
    call.uni (given), factorial, (passed);
    ld.param.u32 %r2, [given];
  }
  .loc 1 37 0
  st.global.u32 [%rd1], %r2;
  ret;
}
`;

/** Thread 5 stores where nothing is; no thread comes back; nobody comes to the barrier. */
export const BAD = `
.visible .entry fault(.param .u64 out)
{
  .reg .pred %p<2>;
  .reg .b32 %r<3>;
  .reg .b64 %rd<3>;
  .loc 1 40 0
  mov.u32 %r1, %tid.x;
  mov.u64 %rd1, 64;
  setp.eq.u32 %p1, %r1, 5;
  .loc 1 41 0
  @%p1 st.global.u32 [%rd1], %r1;
  .loc 1 42 0
  ret;
}
.visible .entry spin(.param .u64 out)
{
  .reg .b32 %r<3>;
  .loc 1 44 0
  mov.u32 %r1, %tid.x;
AGAIN:
  .loc 1 45 0
  add.s32 %r1, %r1, 1;
  bra AGAIN;
}
.visible .entry turns(.param .u64 out)
{
  .loc 1 47 0
SELF:
  bra SELF;
}
.visible .entry asks(.param .u64 out)
{
  .reg .pred %p<2>;
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  .loc 1 55 0
  ld.param.u64 %rd1, [out];
  mov.u32 %r1, %tid.x;
  setp.eq.u32 %p1, %r1, 9;
  .loc 1 56 0
  @%p1 brkpt;
  .loc 1 57 0
  @%p1 st.global.u32 [%rd1], %r1;
  ret;
}
.visible .entry waits(.param .u64 out)
{
  .reg .pred %p<2>;
  .reg .b32 %r<3>;
  .loc 1 60 0
  mov.u32 %r1, %tid.x;
  setp.ge.u32 %p1, %r1, 16;
  @%p1 bra LEAVE;
  .loc 1 61 0
  shfl.sync.idx.b32 %r2, %r1, 0, 31, 0xffffffff;
  .loc 1 62 0
  add.s32 %r2, %r2, 1;
  ret;
LEAVE:
  .loc 1 63 0
  ret;
}
.visible .entry stuck(.param .u64 out)
{
  .reg .pred %p<2>;
  .reg .b32 %r<3>;
  .loc 1 50 0
  mov.u32 %r1, %tid.x;
  setp.lt.u32 %p1, %r1, 32;
  @%p1 bra FIRST;
  .loc 1 51 0
  bar.sync 1, 64;
FIRST:
  .loc 1 52 0
  bar.sync 2, 64;
  ret;
}
`;

/** Has a small function in it, as `inlined_at` tells, and a line of no instruction. */
export const SMALL = `
.visible .entry small(.param .u64 out)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<2>;
  .loc 2 10 0
  ld.param.u64 %rd1, [out];
  .loc 2 11 0
  .loc 2 3 0, function_name NAME, inlined_at 2 11 0
  mov.u32 %r1, %tid.x;
  .loc 2 11 0
  add.s32 %r1, %r1, 1;
  .loc 2 5 0
  .loc 2 12 0
  ret;
}
`;

const FILES = '.file 1 "/src/kernels/scale.cu"\n.file 2 "/src/kernels/tiny.cu"\n';

export const PTX = `${HEADER}${FILES}${SCALE}${BRANCH}${CALLS}${BAD}${SMALL}`;

/** The line of the PTX that has those words for the first time. */
export function ptxLine(words: string): number {
  return PTX.split('\n').findIndex((line) => line.includes(words)) + 1;
}
