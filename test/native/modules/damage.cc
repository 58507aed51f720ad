#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "test/native/modules/testing.h"

// Images that break off at each byte, and images with bytes that are wrong: they are read or
// refused. Under AddressSanitizer, which these tests are for, nothing may look beyond their end
// either. NODECUDA_MUTATIONS is how many of each image: `node scripts/sanitize.mjs images`.
namespace nodecuda::modules {
namespace {

struct Whole {
  const char* name;
  Device device;  // one that runs it
};
constexpr Whole kWhole[] = {
    {"cuda12_sm90a.cubin", Gpu(90)}, {"cuda13_sm80.cubin", Gpu(80)},
    {"sm120.ptx", Gpu(120)},         {"zstd.fatbin", Gpu(75)},
    {"zstd.fatbin", Gpu(100)},       {"lz4.fatbin", Simulated(90)},
    {"plain.fatbin", Gpu(90)},       {"plain.fatbin", Simulated(80)},
    {"relocatable.cubin", Gpu(75)},  {"relocatable.fatbin", Gpu(75)},
    {"lto.fatbin", Gpu(80)},
};

// What every image that was read must satisfy, whatever it is.
bool IsConsistent(const Contents& contents, std::size_t image_bytes) {
  std::size_t names = 0;
  for (const KernelFacts& kernel : contents.kernels) {
    names += kernel.name.size();
    for (const Parameter& parameter : kernel.parameters) {
      if (parameter.offset + parameter.bytes > kernel.parameter_bytes) return false;
      if (parameter.is_pointer.value_or(false) && parameter.bytes != 8) return false;
    }
  }
  for (const VariableFacts& variable : contents.variables) {
    names += variable.name.size();
    if (variable.space != ptx::Space::kGlobal && variable.space != ptx::Space::kConst) return false;
  }
  return contents.machine_code.has_value() || contents.ptx_target.has_value()
             ? names <= 8 * image_bytes + (1 << 20)
             : false;
}

// For who links it, which says less of it.
void TryLinkable(const std::string& image, const Device& device) {
  Problem problem;
  const auto linkable = ReadLinkable(std::as_bytes(std::span(image)), device, &problem);
  if (linkable) {
    CHECK((device.runs_machine_code || linkable->cubin.empty()));
  } else {
    CHECK(problem.words.size() > 10);
    CHECK(problem.words.size() < 1000);
  }
}

// 1 if it was read, 0 if it was refused, with a reason.
int Try(const std::string& image, const Device& device) {
  TryLinkable(image, device);
  Problem problem;
  const std::optional<Contents> contents = Read(image, device, &problem);
  if (contents) {
    CHECK(IsConsistent(*contents, image.size()));
    return 1;
  }
  CHECK(problem.kind != Problem::Kind::kNone);
  CHECK(problem.words.size() > 10);
  CHECK(problem.words.size() < 1000);
  return 0;
}

TEST_CASE("modules: images that break off at any byte") {
  for (const Whole& whole : kWhole) {
    CAPTURE(whole.name);
    const std::string image = ReadFixture(whole.name);
    const bool is_fatbin = std::string_view(whole.name).ends_with(".fatbin");
    int read = 0;
    for (std::size_t length = 0; length < image.size(); ++length) {
      std::string broken = image.substr(0, length);
      read += Try(broken, whole.device);
      if (!is_fatbin || length < 16) continue;
      // So that the header does not tell, but what comes behind it.
      const std::uint64_t rest = length - 16;
      std::memcpy(broken.data() + 8, &rest, sizeof rest);
      read += Try(broken, whole.device);
    }
    // Only PTX is whole without what comes last, when that is a kernel or a line of blanks.
    const std::string_view name = whole.name;
    if (name.ends_with(".cubin")) CHECK(read == 0);
  }
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  std::string Mutate(std::string image) {
    for (std::size_t times = 1 + Below(4); times > 0; --times) Change(&image);
    return image;
  }

 private:
  std::size_t Below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  // A number such as those that readers trust: an offset, a size, an index.
  std::uint64_t Number(std::size_t size) {
    constexpr std::uint64_t kEdges[] = {0,
                                        1,
                                        0x7f,
                                        0xff,
                                        0x7fff,
                                        0xffff,
                                        0x10000,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        0x7fffffffffffffff,
                                        0xffffffffffffffff};
    switch (Below(3)) {
      case 0:
        return kEdges[Below(std::size(kEdges))];
      case 1:
        return size + Below(64) - 32;
      default:
        return Below(2 * size);
    }
  }

  void Change(std::string* image) {
    // Headers and tables are at both ends; codes and debug information fill the middle.
    const std::size_t near = std::min<std::size_t>(image->size(), 256);
    std::size_t at = Below(image->size());
    if (Below(4) == 0) at = Below(near);
    if (Below(4) == 0) at = image->size() - near + Below(near);
    switch (Below(6)) {
      case 0:
        (*image)[at] = static_cast<char>(Below(256));
        break;
      case 1:
        (*image)[at] = static_cast<char>((*image)[at] ^ (1 << Below(8)));
        break;
      case 2: {
        const std::uint64_t number = Number(image->size());
        const std::size_t width = std::size_t{1} << Below(4);
        at &= ~(width - 1);
        std::memcpy(image->data() + at, &number, std::min(width, image->size() - at));
        break;
      }
      case 3: {
        const std::size_t from = Below(image->size());
        const std::size_t length = std::min(Below(64), image->size() - std::max(at, from));
        std::memmove(image->data() + at, image->data() + from, length);
        break;
      }
      case 4:
        image->erase(at, 1 + Below(8));
        break;
      default:
        image->insert(at, 1 + Below(8), static_cast<char>(Below(256)));
        break;
    }
    if (image->empty()) image->push_back('.');
  }

  std::mt19937 random_;
};

TEST_CASE("modules: images with bytes that are wrong") {
  const char* const wanted = std::getenv("NODECUDA_MUTATIONS");
  const int mutations = wanted != nullptr ? std::atoi(wanted) : 400;
  int read = 0, refused = 0;
  for (const Whole& whole : kWhole) {
    CAPTURE(whole.name);
    const std::string image = ReadFixture(whole.name);
    Mutator mutator(20261129);
    for (int i = 0; i < mutations; ++i) {
      CAPTURE(i);
      Try(mutator.Mutate(image), whole.device) == 1 ? ++read : ++refused;
    }
  }
  MESSAGE("mutants read: " << read << ", refused: " << refused);
  CHECK(read > mutations);  // else the mutations tell nothing of what lies behind the first error
  CHECK(refused > mutations);
}

}  // namespace
}  // namespace nodecuda::modules
