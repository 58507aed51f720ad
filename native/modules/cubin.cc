#include "modules/cubin.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "modules/elf.h"
#include "modules/foreign.h"
#include "modules/kernel_info.h"

namespace nodecuda::modules {
namespace {

constexpr std::uint8_t kEntry = 0x10;  // STO_CUDA_ENTRY, in st_other
// From 9.0 on the section of a kernel's shared memory includes what CUDA keeps for itself in each
// block, of which devices do not count it either (sharedMemPerBlockOptin is less by as much).
constexpr int kReservesShared = 90;
constexpr std::uint64_t kReservedSharedBytes = 1024;

// Toolkit 13 made room in e_flags: the target moved up a byte, and its letter went away.
Target TargetOf(const ElfHeader& header) {
  constexpr std::uint8_t kRoomierAbi = 8;
  constexpr std::uint32_t kOldSpecificFlag = 0x800;
  if (header.abi_version >= kRoomierAbi) {
    return {static_cast<int>((header.flags >> 8) & 0xff), 0};
  }
  return {static_cast<int>(header.flags & 0xff),
          (header.flags & kOldSpecificFlag) != 0 ? 'a' : '\0'};
}

// ... but ptxas leaves its command line in a note: "-arch sm_90a -m 64". nvlink leaves its own.
char SuffixOf(const Elf& elf, int number) {
  const Section* note = elf.Find(".note.nv.tkinfo");
  if (note == nullptr) return 0;
  const std::string option = "-arch sm_" + std::to_string(number);
  const std::string_view text = note->contents.text();
  const std::size_t at = text.find(option);
  const std::size_t after = at == std::string_view::npos ? text.size() : at + option.size();
  if (after >= text.size()) return 0;
  return text[after] == 'a' || text[after] == 'f' ? text[after] : '\0';
}

class CubinReader {
 public:
  CubinReader(const Elf& elf, Cubin* cubin, Problem* problem)
      : elf_(elf), cubin_(*cubin), problem_(problem) {}

  bool Read() {
    return ReadSymbols() && ReadModuleInfo() &&
           std::ranges::all_of(cubin_.kernels,
                               [this](KernelFacts& kernel) { return ReadKernel(kernel); });
  }

 private:
  static constexpr std::size_t kNoKernel = ~std::size_t{0};

  bool Damaged(std::string words) {
    return problem_->Set(Problem::Kind::kDamaged, std::move(words));
  }

  bool ReadSymbols() {
    kernel_of_symbol_.reserve(elf_.symbols().size());
    std::unordered_set<std::string_view> names;
    for (const Symbol& symbol : elf_.symbols()) {
      kernel_of_symbol_.push_back(kNoKernel);
      if (symbol.type == kSymbolFunction && (symbol.other & kEntry) != 0) {
        if (!names.insert(symbol.name).second) {
          return Damaged("the cubin has two kernels '" + std::string(symbol.name) + "'");
        }
        kernel_of_symbol_.back() = cubin_.kernels.size();
        KernelFacts kernel;
        kernel.name = symbol.name;
        kernel.is_visible = symbol.binding != kBindingLocal;
        cubin_.kernels.push_back(std::move(kernel));
      } else if (symbol.type == kSymbolObject) {
        ReadVariable(symbol);
      }
    }
    return true;
  }

  void ReadVariable(const Symbol& symbol) {
    if (symbol.section >= elf_.sections().size()) return;  // one of another module, or absolute
    const std::string_view section = elf_.sections()[symbol.section].name;
    const bool is_constant = section.starts_with(".nv.constant3");
    if (!is_constant && !section.starts_with(".nv.global")) return;
    VariableFacts variable;
    variable.name = symbol.name;
    variable.space = is_constant ? ptx::Space::kConst : ptx::Space::kGlobal;
    variable.bytes = symbol.bytes;
    variable.count = symbol.bytes;
    variable.is_visible = symbol.binding != kBindingLocal;
    cubin_.variables.push_back(std::move(variable));
  }

  // Registers and local memory, which the module lists for all its functions.
  bool ReadModuleInfo() {
    const Section* section = elf_.Find(".nv.info");
    if (section == nullptr) return true;
    Attributes attributes(section->contents);
    for (Attribute attribute; attributes.Next(&attribute);) {
      const bool registers = attribute.id == kAttributeRegisters;
      if (!registers && attribute.id != kAttributeFrameSize) continue;
      const auto symbol = attribute.contents.Read<std::uint32_t>(0);
      const auto number = attribute.contents.Read<std::uint32_t>(4);
      if (!number || *symbol >= kernel_of_symbol_.size()) {
        return Damaged("the cubin's section .nv.info names functions that it does not have");
      }
      if (kernel_of_symbol_[*symbol] == kNoKernel) continue;
      KernelFacts& kernel = cubin_.kernels[kernel_of_symbol_[*symbol]];
      if (registers) {
        kernel.registers = *number;
      } else {
        kernel.local_bytes = *number;
      }
    }
    return !attributes.damaged() || Damaged("the cubin's section .nv.info breaks off");
  }

  bool ReadKernel(KernelFacts& kernel) {
    const Section* text = elf_.Find(".text." + kernel.name);
    if (text == nullptr)
      return Damaged("the cubin has no code of its kernel '" + kernel.name + "'");
    if (!kernel.registers && text->info >> 24 != 0) kernel.registers = text->info >> 24;

    const Section* shared = elf_.Find(".nv.shared." + kernel.name);
    const std::uint64_t shared_bytes = shared == nullptr ? 0 : shared->bytes;
    const std::uint64_t reserved =
        cubin_.target.number >= kReservesShared ? kReservedSharedBytes : 0;
    kernel.static_shared_bytes = shared_bytes - std::min(shared_bytes, reserved);

    const Section* info = elf_.Find(".nv.info." + kernel.name);
    if (info == nullptr) {
      return Damaged("the cubin does not say what parameters its kernel '" + kernel.name +
                     "' has: it is of a toolkit older than CUDA 11");
    }
    // Sections may overlap, so that a small file has a square of its size in them: but not this
    // one.
    if (info->contents.size() > info_left_)
      return Damaged("the cubin notes too much of its kernels");
    info_left_ -= info->contents.size();
    return ReadKernelInfo(info->contents, &kernel, problem_);
  }

  const Elf& elf_;
  Cubin& cubin_;
  Problem* const problem_;
  std::vector<std::size_t> kernel_of_symbol_;
  std::size_t info_left_ = elf_.size() + (64 << 10);
};

// The header of machine code for 64-bit programs.
std::optional<ElfHeader> ReadCudaHeader(Bytes image, Problem* problem) {
  const auto refuse = [problem](Problem::Kind kind, std::string words) {
    problem->Set(kind, std::move(words));
    return std::nullopt;
  };
  const auto header = ReadElfHeader(image);
  if (!header) {
    return refuse(Problem::Kind::kDamaged,
                  "the image ends within its ELF header, at byte " + std::to_string(image.size()));
  }
  if (header->machine != kElfCuda) {
    return refuse(Problem::Kind::kForeign, DescribeHostElf(header->type));
  }
  if (header->bits != 2) {
    return refuse(Problem::Kind::kForeign,
                  "the image is a cubin for 32-bit programs: compile with -m64");
  }
  if (header->type != kElfExecutable && header->type != kElfRelocatable) {
    return refuse(Problem::Kind::kDamaged,
                  "the image is an ELF file of the unknown type " + std::to_string(header->type));
  }
  return header;
}

Target TargetOf(const ElfHeader& header, const Elf& elf) {
  Target target = TargetOf(header);
  if (target.suffix == 0) target.suffix = SuffixOf(elf, target.number);
  return target;
}

}  // namespace

std::optional<LinkableCubin> ReadLinkableCubin(Bytes image, Problem* problem) {
  const auto header = ReadCudaHeader(image, problem);
  if (!header) return std::nullopt;
  const std::optional<Elf> elf = Elf::Read(image, problem);
  if (!elf) return std::nullopt;
  LinkableCubin cubin{.target = TargetOf(*header, *elf)};
  for (const Symbol& symbol : elf->symbols()) {
    const bool is_defined =
        symbol.section != kSectionUndefined && symbol.section < kSectionsReserved;
    if (symbol.binding == kBindingGlobal && is_defined) cubin.definitions.emplace_back(symbol.name);
  }
  return cubin;
}

std::optional<Cubin> ReadCubin(Bytes image, Problem* problem) {
  const auto header = ReadCudaHeader(image, problem);
  if (!header) return std::nullopt;
  if (header->type == kElfRelocatable) {
    problem->Set(Problem::Kind::kForeign, kRelocatable);
    return std::nullopt;
  }
  const std::optional<Elf> elf = Elf::Read(image, problem);
  if (!elf) return std::nullopt;
  Cubin cubin{.target = TargetOf(*header, *elf)};
  if (!CubinReader(*elf, &cubin, problem).Read()) return std::nullopt;
  return cubin;
}

}  // namespace nodecuda::modules
