#include "test/native/modules/testing.h"

namespace nodecuda::modules {
namespace {

const std::string kHeader = ".version 8.0\n.target sm_80\n.address_size 64\n";

TEST_CASE("modules: PTX as nvcc writes it") {
  const std::string text = ReadFixture("sm120.ptx");
  const Contents contents = MustRead(text, Simulated(120));
  CHECK(contents.kind == ImageKind::kPtx);
  CHECK_FALSE(contents.machine_code.has_value());
  CHECK(contents.ptx_target == Target{120});
  CHECK(contents.ptx_version == 90);
  CHECK(contents.ptx_text == text);
  CheckKernelsCu(contents, true);

  const KernelFacts& saxpy = KernelOf(contents, "saxpy");
  CHECK(PointersOf(saxpy) == "nyyn");
  CHECK(saxpy.parameters[0].type == ptx::Type::kF32);
  CHECK(saxpy.parameters[1].alignment == 8);
  CHECK(saxpy.parameters[3].type == ptx::Type::kU32);
  // A long long is written as a pointer without `.ptr` would be.
  CHECK(PointersOf(KernelOf(contents, "tile_sum")) == "yynn?");
  const KernelFacts& by_value = KernelOf(contents, "by_value");
  CHECK(PointersOf(by_value) == "nnny");
  CHECK(by_value.parameters[0].is_array);
  CHECK(by_value.parameters[0].alignment == 8);
  CHECK(by_value.parameters[1].alignment == 16);
  CHECK(by_value.parameters[1].count == 32);
  CHECK(VariableOf(contents, "scale").type == ptx::Type::kF32);
  CHECK(VariableOf(contents, "scale").alignment == 4);
  CHECK(VariableOf(contents, "weights").is_array);
}

TEST_CASE("modules: PTX with a NUL, carriage returns, comments and blanks around it") {
  const std::string text =
      "/* a */ // b\n\t" + kHeader + ".visible .entry k(.param .f64 x) { ret; }\n";
  CHECK(NamesOf(MustRead(text, Gpu(90))) == "k");
  const Contents ended = MustRead(text + std::string("\0 trailing", 10), Gpu(90));
  CHECK(NamesOf(ended) == "k");
  CHECK(ended.ptx_text == text);
  std::string lines;
  for (const char c : text) lines += c == '\n' ? "\r\n" : std::string(1, c);
  CHECK(NamesOf(MustRead(lines, Gpu(90))) == "k");
}

TEST_CASE("modules: what is in the bodies of kernels is not judged") {
  const Contents contents =
      MustRead(kHeader +
                   ".visible .entry odd() { tcgen99.frobnicate [x], {y}; \"}\"; // }\n }\n"
                   ".entry k(.param .b8 a, .param .align 4 .b8 b[6], .param .v2 .f32 c) { ret; }",
               Gpu(90));
  CHECK(NamesOf(contents) == "odd k");
  CHECK(LayoutOf(contents.kernels[1]) == "0+1 4+6 16+8");
  CHECK(contents.kernels[1].parameter_bytes == 24);
  CHECK_FALSE(contents.kernels[1].is_visible);
}

TEST_CASE("modules: only kernels and variables that are there") {
  const Contents contents =
      MustRead(kHeader +
                   ".extern .global .b32 elsewhere; .shared .b32 s; .extern .shared .b8 more[];\n"
                   ".visible .const .align 16 .b32 c[4] = {1}; .global .u64 p = generic(c);\n"
                   ".func f() { ret; } .entry declared(.param .b32 x);",
               Gpu(90));
  CHECK(contents.kernels.empty());
  REQUIRE(contents.variables.size() == 2);
  CHECK(contents.variables[0].name == "c");
  CHECK(contents.variables[0].alignment == 16);
  CHECK(contents.variables[0].count == 4);
  CHECK(contents.variables[0].is_visible);
  CHECK(contents.variables[1].bytes == 8);
}

TEST_CASE("modules: PTX that is wrong, or for other devices, is refused in words") {
  CHECK(Refusal(kHeader + "\n.entry k(.param .b33 x) { }") ==
        "PTX line 5: '.b33' is not the type of a variable");
  CHECK(Refusal(".version") ==
        "PTX line 1: expected a version such as 9.0, found the end of the text");
  CHECK(Refusal(kHeader + ".entry k() {") == "PTX line 4: this '{' has no '}'");
  const std::string newer = ".version 9.0 .target sm_100 .address_size 64";
  CHECK(Refusal(newer, Gpu(90)) ==
        "the image has nothing for a device of compute capability 9.0: it has PTX for sm_100. "
        "Compile "
        "it for that (nvcc -gencode arch=compute_90,code=sm_90), or to PTX for an older one (nvcc "
        "-ptx "
        "-arch=sm_75)");
  CHECK(Refusal(newer, Gpu(120)) == "no problem");
  const std::string specific = ".version 9.0 .target sm_90a .address_size 64";
  CHECK(Refusal(specific, Gpu(90)) == "no problem");
  CHECK(Refusal(specific, Gpu(100)).starts_with("the image has nothing"));
  const std::string family = ".version 9.0 .target sm_100f .address_size 64";
  CHECK(Refusal(family, Gpu(103)) == "no problem");
  CHECK(Refusal(family, Gpu(120)).starts_with("the image has nothing"));
}

}  // namespace
}  // namespace nodecuda::modules
