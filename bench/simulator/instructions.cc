#include "bench/simulator/instructions.h"

namespace bench {

// %d0: memory of the device; %r0: the lane; %f0, %r1, %p1 and so on are free.
std::vector<InstructionCase> Instructions() {
  const char* kByLane =
      "mad.wide.u32 %d1, %r0, 4, %d0; mov.u32 %r2, s; mad.lo.u32 %r2, %r0, 4, %r2;";
  const char* kStrided =
      "mad.wide.u32 %d1, %r0, 128, %d0; mov.u32 %r2, s; mad.lo.u32 %r2, %r0, 128, %r2;";
  const char* kVector =
      "mad.wide.u32 %d1, %r0, 16, %d0; mov.u32 %r2, s; mad.lo.u32 %r2, %r0, 16, %r2;";
  const char* kOne = "mov.u32 %r2, s; mov.u64 %d1, %d0;";
  return {
      {"add.s32", "", "add.s32 %r1, %r1, %r0;"},
      {"fma.rn.f32", "", "fma.rn.f32 %f1, %f1, %f2, %f3;"},
      {"fma.rn.f32, guarded, half", "setp.lt.u32 %p1, %r0, 16;",
       "@%p1 fma.rn.f32 %f1, %f1, %f2, %f3;"},
      {"fma.rn.f64", "", "fma.rn.f64 %g1, %g1, %g2, %g3;"},
      {"mul.wide.u32", "", "mul.wide.u32 %d2, %r1, %r0;"},
      {"add.s64", "", "add.s64 %d2, %d2, %d0;"},
      {"setp.lt.s32", "", "setp.lt.s32 %p1, %r1, %r0;"},
      {"selp.b32", "", "selp.b32 %r1, %r1, %r0, %p1;"},
      {"div.u32", "", "div.u32 %r1, %r1, %r0;"},
      {"ld.global.f32, one address", kOne, "ld.global.f32 %f1, [%d1];"},
      {"ld.global.f32, consecutive", kByLane, "ld.global.f32 %f1, [%d1];"},
      {"ld.global.f32, strided", kStrided, "ld.global.f32 %f1, [%d1];"},
      {"ld.global.v4.f32, consecutive", kVector, "ld.global.v4.f32 {%f1,%f2,%f3,%f4}, [%d1];"},
      {"st.global.f32, consecutive", kByLane, "st.global.f32 [%d1], %f1;"},
      {"st.global.f32, strided", kStrided, "st.global.f32 [%d1], %f1;"},
      {"ld.shared.f32, one address", kOne, "ld.shared.f32 %f1, [%r2];"},
      {"ld.shared.f32, consecutive", kByLane, "ld.shared.f32 %f1, [%r2];"},
      {"ld.shared.f32, strided", kStrided, "ld.shared.f32 %f1, [%r2];"},
      {"ld.shared.v4.f32, consecutive", kVector, "ld.shared.v4.f32 {%f1,%f2,%f3,%f4}, [%r2];"},
      {"st.shared.f32, consecutive", kByLane, "st.shared.f32 [%r2], %f1;"},
      {"st.shared.f32, strided", kStrided, "st.shared.f32 [%r2], %f1;"},
      {"ld.param.u64", "", "ld.param.u64 %d1, [a];"},
      {"shfl.sync.bfly.b32", "", "shfl.sync.bfly.b32 %r1, %r1, 4, 31, -1;"},
      {"shfl.sync.down.b32|p", "", "shfl.sync.down.b32 %r1|%p1, %r1, 4, 31, -1;"},
      {"shfl.sync.idx.b32", "", "shfl.sync.idx.b32 %r1, %r1, %r0, 31, -1;"},
      {"vote.sync.ballot.b32", "", "vote.sync.ballot.b32 %r1, %p1, -1;"},
      {"redux.sync.add.s32", "", "redux.sync.add.s32 %r1, %r1, -1;"},
      {"match.any.sync.b32", "", "match.any.sync.b32 %r1, %r0, -1;"},
      {"atom.shared.add.u32, one address", kOne, "atom.shared.add.u32 %r1, [%r2], 1;"},
      {"atom.shared.add.u32, consecutive", kByLane, "atom.shared.add.u32 %r1, [%r2], 1;"},
      {"red.global.add.u32, one address", kOne, "red.global.add.u32 [%d1], 1;"},
      {"red.global.add.f32, consecutive", kByLane, "red.global.add.f32 [%d1], %f1;"},
      {"bar.sync", "", "bar.sync 0;"},
      {"bra", "", "bra.uni next; next:"},
  };
}

std::string LoopOf(const InstructionCase& instruction) {
  std::string text =
      ".version 7.0\n.target sm_80\n.address_size 64\n"
      ".visible .entry k(.param .u64 a, .param .u32 turns)\n{\n"
      ".reg .pred %p<4>;\n.reg .b32 %r<8>;\n.reg .f32 %f<8>;\n.reg .b64 %d<8>;\n.reg .f64 %g<8>;\n"
      ".shared .align 16 .b8 s[4096];\n"
      "ld.param.u64 %d0, [a];\nld.param.u32 %r7, [turns];\nmov.u32 %r0, %tid.x;\n"
      "mov.u32 %r1, 7;\nmov.f32 %f1, 0f3f800000;\nmov.f32 %f2, 0f3f800000;\nmov.f32 %f3, "
      "0f3f800000;\nmov.f32 %f4, 0f3f800000;\nmov.f64 %g1, 0d3ff0000000000000;\n"
      "mov.f64 %g2, %g1;\nmov.f64 %g3, %g1;\nmov.u64 %d2, 0;\nsetp.eq.u32 %p1, %r0, 3;\n";
  text += instruction.before;
  text += "\nloop:\n";
  for (int i = 0; i < kUnrolled; ++i) {
    text += "{\n";
    text += instruction.text;
    text += "\n}\n";
  }
  text +=
      "sub.u32 %r7, %r7, 1;\nsetp.ne.u32 %p0, %r7, 0;\n@%p0 bra loop;\n"
      // So that nothing is dead.
      "st.global.u32 [%d0], %r1;\nst.global.f32 [%d0], %f1;\nst.global.f64 [%d0], %g1;\n"
      "st.global.u64 [%d0], %d2;\n@%p1 st.global.u32 [%d0], %r0;\nret;\n}\n";
  return text;
}

}  // namespace bench
