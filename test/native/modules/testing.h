#ifndef NODECUDA_TEST_NATIVE_MODULES_TESTING_H_
#define NODECUDA_TEST_NATIVE_MODULES_TESTING_H_

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "modules/read_image.h"

namespace nodecuda::modules {

inline std::string ReadFixture(const std::string& name) {
  std::ifstream file(std::string(NODECUDA_TEST_FIXTURES) + "/modules/" + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "no fixture " << name);
  return {std::istreambuf_iterator<char>(file), {}};
}

constexpr Device Gpu(int capability) {
  return {capability, true};
}
constexpr Device Simulated(int capability) {
  return {capability, false};
}

// In a block of its own that ends where the image does: what reads on is found by ASan.
inline std::optional<Contents> Read(std::string_view image, const Device& device,
                                    Problem* problem) {
  const auto block = std::make_unique<std::byte[]>(image.size());
  std::ranges::copy(std::as_bytes(std::span(image)), block.get());
  return ReadImage({block.get(), image.size()}, device, problem);
}

inline Contents MustRead(std::string_view image, const Device& device) {
  Problem problem;
  std::optional<Contents> contents = Read(image, device, &problem);
  INFO(problem.words);
  REQUIRE(contents.has_value());
  return *std::move(contents);
}

// The words with which an image is refused.
inline std::string Refusal(std::string_view image, const Device& device = Gpu(90)) {
  Problem problem;
  const bool read = Read(image, device, &problem).has_value();
  CHECK((problem.kind == Problem::Kind::kNone) == read);
  return read ? "no problem" : problem.words;
}

inline const KernelFacts& KernelOf(const Contents& contents, std::string_view name) {
  for (const KernelFacts& kernel : contents.kernels) {
    if (kernel.name == name) return kernel;
  }
  FAIL("no kernel " << std::string(name));
  return contents.kernels.front();
}

inline const VariableFacts& VariableOf(const Contents& contents, std::string_view name) {
  for (const VariableFacts& variable : contents.variables) {
    if (variable.name == name) return variable;
  }
  FAIL("no variable " << std::string(name));
  return contents.variables.front();
}

// "0+4 8+8 16+8": offset and size of each parameter.
inline std::string LayoutOf(const KernelFacts& kernel) {
  std::string layout;
  for (const Parameter& parameter : kernel.parameters) {
    if (!layout.empty()) layout += ' ';
    layout += std::to_string(parameter.offset) + "+" + std::to_string(parameter.bytes);
  }
  return layout;
}

// 'y', 'n' or '?' for each parameter.
inline std::string PointersOf(const KernelFacts& kernel) {
  std::string pointers;
  for (const Parameter& parameter : kernel.parameters) {
    pointers += !parameter.is_pointer ? '?' : *parameter.is_pointer ? 'y' : 'n';
  }
  return pointers;
}

inline std::string NamesOf(const Contents& contents) {
  std::string names;
  for (const KernelFacts& kernel : contents.kernels) {
    if (!names.empty()) names += ' ';
    names += kernel.name;
  }
  return names;
}

// What fixtures/modules/kernels.cu says, and every image of it has to say.
void CheckKernelsCu(const Contents& contents, bool has_clusters);

}  // namespace nodecuda::modules

#endif  // NODECUDA_TEST_NATIVE_MODULES_TESTING_H_
