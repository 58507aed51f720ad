#include "modules/read_image.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/bytes.h"
#include "modules/cubin.h"
#include "modules/elf.h"
#include "modules/fatbin.h"
#include "modules/foreign.h"
#include "modules/ptx_facts.h"

namespace nodecuda::modules {
namespace {

std::string VersionOf(int capability) {
  return std::to_string(capability / 10) + "." + std::to_string(capability % 10);
}

// Without what a NUL ends, as PTX in a fatbin does.
std::string_view TextOf(Bytes image) {
  const std::string_view text = image.text();
  return text.substr(0, text.find('\0'));
}

class ImageReader {
 public:
  ImageReader(const Device& device, Contents* contents, Problem* problem)
      : device_(device), contents_(*contents), problem_(problem) {}

  bool Read(Bytes image) {
    if (IsFatbin(image)) {
      contents_.kind = ImageKind::kFatbin;
      return ReadEntries(image);
    }
    if (IsElf(image)) {
      contents_.kind = ImageKind::kCubin;
      return ReadCode(image);
    }
    contents_.kind = ImageKind::kPtx;
    if (LooksLikePtx(image.text())) return ReadPtx(TextOf(image));
    return problem_->Set(Problem::Kind::kForeign, DescribeForeign(image));
  }

  bool ReadLinkable(Bytes image, Linkable* linkable) {
    if (IsFatbin(image)) return LinkableEntries(image, linkable);
    if (IsElf(image)) return LinkableCode(image, linkable);
    if (!LooksLikePtx(image.text())) {
      return problem_->Set(Problem::Kind::kForeign, DescribeForeign(image));
    }
    linkable->ptx = TextOf(image);
    return true;
  }

 private:
  bool NoCode(const std::string& has) {
    const std::string capability = std::to_string(device_.capability);
    const std::string who = device_.runs_machine_code ? "a device of compute capability "
                                                      : "the simulated device, which runs PTX of "
                                                        "compute capability ";
    return problem_->Set(Problem::Kind::kNoCode,
                         "the image has nothing for " + who + VersionOf(device_.capability) +
                             (device_.runs_machine_code ? "" : " or lower") + ": it has " + has +
                             ". Compile it for that (nvcc -gencode arch=compute_" + capability +
                             ",code=" + (device_.runs_machine_code ? "sm_" : "compute_") +
                             capability + "), or to PTX for an older one (nvcc -ptx -arch=sm_75)");
  }

  bool ReadPtx(std::string_view text) {
    std::optional<PtxFacts> facts = ReadPtxFacts(text, problem_);
    if (!facts) return false;
    if (contents_.kind == ImageKind::kPtx) contents_.ptx_targets = {facts->target};
    if (!CompilesPtx(facts->target, device_.capability)) {
      return NoCode("PTX for " + facts->target.Name());
    }
    contents_.kernels = std::move(facts->kernels);
    contents_.variables = std::move(facts->variables);
    KeepPtx(*facts, text);
    return true;
  }

  void KeepPtx(const PtxFacts& facts, std::string_view text) {
    contents_.ptx_target = facts.target;
    contents_.ptx_version = facts.version;
    contents_.ptx_text = text;
  }

  bool ReadCode(Bytes image) {
    std::optional<Cubin> cubin = ReadCubin(image, problem_);
    if (!cubin) return false;
    if (contents_.kind == ImageKind::kCubin) contents_.machine_targets = {cubin->target};
    if (!device_.runs_machine_code || !RunsMachineCode(cubin->target, device_.capability)) {
      return NoCode("machine code for " + cubin->target.Name());
    }
    contents_.machine_code = cubin->target;
    contents_.kernels = std::move(cubin->kernels);
    contents_.variables = std::move(cubin->variables);
    return true;
  }

  bool ReadEntries(Bytes image) {
    const auto entries = ReadFatbin(image, problem_);
    if (!entries) return false;
    const Best best = FindBest(*entries);
    if (best.code != nullptr) return ReadCodeEntry(*best.code, best.ptx);
    if (best.ptx != nullptr) return ReadPtxEntry(*best.ptx);
    return NoEntry(!entries->empty());
  }

  // Those that the device would take; null where there is none.
  struct Best {
    const FatbinEntry* code = nullptr;
    const FatbinEntry* ptx = nullptr;
  };

  Best FindBest(const std::vector<FatbinEntry>& entries) {
    Best best;
    for (const FatbinEntry& entry : entries) {
      if (entry.kind == FatbinEntry::Kind::kCubin) {
        contents_.machine_targets.push_back(entry.target);
        if (device_.runs_machine_code && RunsMachineCode(entry.target, device_.capability)) {
          if (best.code == nullptr || IsBetter(entry.target, best.code->target)) best.code = &entry;
        }
      } else if (entry.kind == FatbinEntry::Kind::kPtx) {
        contents_.ptx_targets.push_back(entry.target);
        if (CompilesPtx(entry.target, device_.capability)) {
          if (best.ptx == nullptr || IsBetter(entry.target, best.ptx->target)) best.ptx = &entry;
        }
      }
    }
    return best;
  }

  bool NoEntry(bool has_others) {
    if (contents_.machine_targets.empty() && contents_.ptx_targets.empty()) {
      return problem_->Set(Problem::Kind::kForeign,
                           has_others
                               ? "the fatbin has LTO-IR alone, which a linker makes a module of: "
                                 "compile without -dlto and code=lto_XX"
                               : "the fatbin is empty");
    }
    std::string has;
    if (!contents_.machine_targets.empty()) {
      has = "machine code for " + Names(contents_.machine_targets);
    }
    if (!contents_.ptx_targets.empty()) {
      has += (has.empty() ? "PTX for " : " and PTX for ") + Names(contents_.ptx_targets);
    }
    return NoCode(has);
  }

  bool ReadPtxEntry(const FatbinEntry& entry) {
    if (entry.is_relocatable) return problem_->Set(Problem::Kind::kForeign, kRelocatable);
    std::vector<std::byte> room;
    const auto image = Unpack(entry, &room, problem_);
    return image && ReadPtx(TextOf(*image));
  }

  bool ReadCodeEntry(const FatbinEntry& entry, const FatbinEntry* ptx) {
    std::vector<std::byte> room;
    const auto image = Unpack(entry, &room, problem_);
    if (!image || !ReadCode(*image)) return false;
    if (contents_.machine_code->suffix == 0) contents_.machine_code->suffix = entry.target.suffix;
    if (ptx == nullptr) return true;
    // Nothing but types is wanted of the PTX, which the device does not look at: it may be bad.
    Problem ignored;
    const auto unpacked = Unpack(*ptx, &room, &ignored);
    if (!unpacked) return true;
    const std::string_view text = TextOf(*unpacked);
    if (const auto facts = ReadPtxFacts(text, &ignored)) {
      AddTypes(*facts, &contents_.kernels, &contents_.variables);
      KeepPtx(*facts, text);
    }
    return true;
  }

  bool LinkableEntries(Bytes image, Linkable* linkable) {
    const auto entries = ReadFatbin(image, problem_);
    if (!entries) return false;
    const Best best = FindBest(*entries);
    if (best.code == nullptr && best.ptx == nullptr) return NoEntry(!entries->empty());
    std::vector<std::byte> room;
    if (best.code != nullptr) {
      const auto code = Unpack(*best.code, &room, problem_);
      if (!code || !LinkableCode(*code, linkable)) return false;
      if (linkable->target.suffix == 0) linkable->target.suffix = best.code->target.suffix;
    }
    if (best.ptx != nullptr) {
      const auto ptx = Unpack(*best.ptx, &room, problem_);
      if (!ptx) return false;
      linkable->ptx = TextOf(*ptx);
    }
    return true;
  }

  bool LinkableCode(Bytes image, Linkable* linkable) {
    auto cubin = ReadLinkableCubin(image, problem_);
    if (!cubin) return false;
    if (!device_.runs_machine_code || !RunsMachineCode(cubin->target, device_.capability)) {
      return NoCode("machine code for " + cubin->target.Name());
    }
    linkable->target = cubin->target;
    linkable->definitions = std::move(cubin->definitions);
    linkable->cubin = image.text();
    return true;
  }

  const Device& device_;
  Contents& contents_;
  Problem* const problem_;
};

}  // namespace

std::optional<Contents> ReadImage(std::span<const std::byte> image, const Device& device,
                                  Problem* problem) {
  *problem = {};
  Contents contents;
  if (!ImageReader(device, &contents, problem).Read(Bytes(image))) return std::nullopt;
  return contents;
}

std::optional<Linkable> ReadLinkable(std::span<const std::byte> image, const Device& device,
                                     Problem* problem) {
  *problem = {};
  Contents ignored;
  Linkable linkable;
  if (!ImageReader(device, &ignored, problem).ReadLinkable(Bytes(image), &linkable)) {
    return std::nullopt;
  }
  return linkable;
}

}  // namespace nodecuda::modules
