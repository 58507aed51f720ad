#include <span>
#include <string>

#include "test/native/modules/testing.h"

// What a linker takes of images.
namespace nodecuda::modules {
namespace {

std::optional<Linkable> ReadFor(const std::string& name, const Device& device, Problem* problem) {
  const std::string image = ReadFixture(name);
  return ReadLinkable(std::as_bytes(std::span(image)), device, problem);
}

Linkable MustReadFor(const std::string& name, const Device& device) {
  Problem problem;
  auto linkable = ReadFor(name, device, &problem);
  INFO(problem.words);
  REQUIRE(linkable.has_value());
  return *std::move(linkable);
}

std::string RefusalFor(const std::string& name, const Device& device) {
  Problem problem;
  CHECK_FALSE(ReadFor(name, device, &problem).has_value());
  return problem.words;
}

TEST_CASE("modules: what is relocatable can be linked") {
  const Linkable cubin = MustReadFor("relocatable.cubin", Gpu(75));
  CHECK(cubin.ptx.empty());
  CHECK(cubin.cubin == ReadFixture("relocatable.cubin"));
  CHECK(cubin.target == Target{75, 0});
  CHECK(cubin.definitions == std::vector<std::string>{"one"});
  const Linkable fatbin = MustReadFor("relocatable.fatbin", Simulated(75));
  CHECK(fatbin.cubin.empty());
  CHECK(fatbin.ptx.find(".entry one") != std::string::npos);
}

TEST_CASE("modules: of a fatbin a linker gets PTX and machine code") {
  const Linkable both = MustReadFor("plain.fatbin", Gpu(90));
  CHECK(both.target == Target{90, 'a'});
  CHECK(
      both.cubin.starts_with("\x7f"
                             "ELF"));
  CHECK(both.ptx.find(".target sm_90a") != std::string::npos);
  const Linkable ptx = MustReadFor("plain.fatbin", Simulated(80));
  CHECK(ptx.cubin.empty());
  CHECK(ptx.ptx.find(".target sm_80") != std::string::npos);
}

TEST_CASE("modules: what is not for the device, or no code, is refused to a linker as well") {
  CHECK(RefusalFor("relocatable.cubin", Gpu(90)).find("it has machine code for sm_75") !=
        std::string::npos);
  CHECK(RefusalFor("relocatable.cubin", Simulated(75)).find("the simulated device") !=
        std::string::npos);
  CHECK(RefusalFor("lto.fatbin", Gpu(80)).starts_with("the fatbin has LTO-IR alone"));
  CHECK(RefusalFor("kernels.cu", Gpu(80)).starts_with("the image seems to be CUDA C++ source"));
}

}  // namespace
}  // namespace nodecuda::modules
