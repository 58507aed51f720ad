#include "simulator/embedded_code.h"
#include "test/native/runtime/fixture.h"

namespace nodecuda::test {
namespace {

// `count` adds 1 to a variable of the module, which begins at 40, and stores it; `broken` has an
// instruction that does not exist.
constexpr std::string_view kText = R"(.version 7.0
.target sm_75
.address_size 64
.global .align 4 .u32 counter = 40; // {
.const .align 4 .b8 step[4] = {1};
.visible .entry count(.param .u64 out) {
  .reg .b32 %r<4>;
  .reg .b64 %d<3>;
  { ld.global.u32 %r0, [counter]; } /* } */
  ld.const.u32 %r1, [step];
  add.u32 %r2, %r0, %r1;
  mov.u64 %d1, counter;
  st.global.u32 [%d1], %r2;
  ld.param.u64 %d0, [out];
  st.global.u32 [%d0], %r2;
  ret;
}
.visible .entry broken() {
  frobnicate.u32 1;
}
)";
constexpr PtxImage kImage{.target = 75, .text = kText, .embedded = true};

struct Loaded : Fixture {
  Loaded() : stream(NewStream()) {
    std::string log;
    MUST(runtime->LibraryLoadData(&library, {{}, {&kImage, 1}}, &log));
    out = NewMemory(4, stream);
  }
  unsigned Count() {
    void* arguments[] = {&out};
    MUST(runtime->LaunchKernelExC({.grid = {1, 1, 1}, .block = {1, 1, 1}, .stream = stream},
                                  Find(library, "count"), arguments));
    return Read(out, 4, stream)[0];
  }

  Stream stream;
  Library library = nullptr;
  std::byte* out = nullptr;
};

}  // namespace

TEST_CASE("embedded modules: devices share the code, each has variables of its own") {
  simulator::LoadFailure failure;
  const auto code = simulator::EmbeddedCode(kImage, 90, &failure);
  REQUIRE(code != nullptr);
  CHECK(simulator::EmbeddedCode(kImage, 90, &failure) == code);
  CHECK(simulator::EmbeddedCode(kImage, 80, &failure) != code);

  Loaded first;
  CHECK(first.Count() == 41);
  CHECK(first.Count() == 42);
  {
    Loaded second;
    CHECK(second.Count() == 41);
  }
  CHECK(first.Count() == 43);
}

TEST_CASE("embedded modules: a kernel that cannot be decoded fails when it is launched") {
  Loaded loaded;
  const Kernel broken = loaded.Find(loaded.library, "broken");
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK_STATUS(
        loaded.runtime->LaunchKernelExC(
            {.grid = {1, 1, 1}, .block = {1, 1, 1}, .stream = loaded.stream}, broken, nullptr),
        kInvalidPtx);
  }
  Kernel absent = nullptr;
  std::string log;
  CHECK_STATUS(loaded.runtime->LibraryGetKernel(&absent, loaded.library, "absent", &log),
               kSymbolNotFound);
  CHECK(loaded.Count() == 41);
}

TEST_CASE("embedded modules: a failure to load is not remembered") {
  static constexpr PtxImage kDamaged{.target = 75, .text = "{}", .embedded = true};
  for (int attempt = 0; attempt < 2; ++attempt) {
    simulator::LoadFailure failure;
    CHECK(simulator::EmbeddedCode(kDamaged, 90, &failure) == nullptr);
    CHECK(failure.status == Status::kInvalidPtx);
    CHECK(!failure.log.empty());
  }
  simulator::LoadFailure failure;
  static constexpr PtxImage kCut{
      .target = 75,
      .text = ".version 7.0\n.target sm_75\n.visible .entry cut() {\n{ ret; }\n",
      .embedded = true};
  CHECK(simulator::EmbeddedCode(kCut, 90, &failure) == nullptr);
  CHECK(failure.log == "PTX line 3: this '{' has no '}'");
}

}  // namespace nodecuda::test
