#include "simulator/exec/matrix/wgmma.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "simulator/exec/arithmetic/tensor_math.h"
#include "simulator/exec/block/block.h"
#include "simulator/exec/matrix/sparsity.h"

namespace nodecuda::simulator {
namespace {

using ptx::Space;

// Row and column, within the warp's part of D, of the number `index` that a lane holds.
struct Place {
  int row, column;
};
Place PlaceOfResult(int lane, int index) {
  return {lane / 4 + index / 2 % 2 * 8, index / 4 * 8 + lane % 4 * 2 + index % 2};
}

// The same for byte `byte` of register `index` of the four that hold A: rows are 8 apart from one
// register to the next, then the second half of K follows.
Place PlaceOfA(int lane, int index, int byte, int element_bytes) {
  const int along = index / 2 * (kWgmmaDepthBytes / 2) + lane % 4 * 4 + byte;
  return {lane / 4 + index % 2 * 8, along / element_bytes};
}

std::uint32_t Negated(std::uint32_t bits, WgmmaType type) {
  return bits ^ (1u << (8 * BytesOf(type) - 1));
}

std::int32_t IntegerOf(std::uint32_t bits, WgmmaType type) {
  return type == WgmmaType::kU8 ? static_cast<std::uint8_t>(bits) : static_cast<std::int8_t>(bits);
}

std::int64_t Product(const WgmmaForm& form, std::uint32_t a, std::uint32_t b) {
  if (form.a == WgmmaType::kB1) return std::popcount(a & b);
  return std::int64_t{IntegerOf(a, form.a)} * IntegerOf(b, form.b);
}

// The matrices of one warp's part of a product, row-major.
struct Operands {
  std::vector<std::uint32_t> a, b;          // (16, stored k), (k, n): the elements' bits
  std::vector<std::uint32_t> d;             // (16, n), bits of float, f16 or int
  const std::uint32_t* metadata = nullptr;  // of a sparse A, by lane
};

// Calls run(first row of A, count, b (stored k, n)): once for all of a dense A, and row by row for
// a sparse one, as each row has its own rows of B.
template <typename Run>
void ForRows(const WgmmaForm& form, const Operands& operands, Run run) {
  if (!form.is_sparse) return run(0, kWgmmaRows, operands.b);
  const Sparsity sparsity{8 * BytesOf(form.a), form.k()};
  const auto n = static_cast<std::ptrdiff_t>(form.n);
  std::vector<std::uint32_t> b(static_cast<std::size_t>(form.stored_k() * form.n));
  for (int row = 0; row < kWgmmaRows; ++row) {
    for (int i = 0; i < form.stored_k(); ++i) {
      const int from = sparsity.RowOfB(operands.metadata, form.selector, row, i);
      std::copy_n(operands.b.begin() + from * n, n, b.begin() + i * n);
    }
    run(row, 1, b);
  }
}

void MultiplyIntegers(const WgmmaForm& form, Operands* operands) {
  const auto k = static_cast<std::size_t>(form.stored_k());
  const auto n = static_cast<std::size_t>(form.n);
  ForRows(form, *operands, [&](int first, int count, const std::vector<std::uint32_t>& b) {
    const auto begin = static_cast<std::size_t>(first);
    const std::size_t end = begin + static_cast<std::size_t>(count);
    for (std::size_t row = begin; row < end; ++row) {
      for (std::size_t column = 0; column < n; ++column) {
        std::uint32_t& d = operands->d[row * n + column];
        std::int64_t sum = static_cast<std::int32_t>(d);
        for (std::size_t i = 0; i < k; ++i)
          sum += Product(form, operands->a[row * k + i], b[i * n + column]);
        if (form.saturate)
          sum = std::clamp<std::int64_t>(sum, std::numeric_limits<std::int32_t>::min(),
                                         std::numeric_limits<std::int32_t>::max());
        d = static_cast<std::uint32_t>(sum);
      }
    }
  });
}

void MultiplyFloats(const WgmmaForm& form, const DecodedKernel& kernel, Operands* operands) {
  const auto a_type = static_cast<TensorType>(form.a), b_type = static_cast<TensorType>(form.b);
  if (form.negate_a)
    for (std::uint32_t& bits : operands->a) bits = Negated(bits, form.a);
  if (form.negate_b)
    for (std::uint32_t& bits : operands->b) bits = Negated(bits, form.b);
  std::vector<float> c(operands->d.size());
  for (std::size_t i = 0; i < c.size(); ++i)
    c[i] = form.half_result ? HalfToFloat(static_cast<std::uint16_t>(operands->d[i]))
                            : std::bit_cast<float>(operands->d[i]);
  const int k = form.stored_k();
  const TensorModel model =
      TensorModelOf(kernel.capability, TensorUnit::kWgmma, a_type, b_type, k, form.half_result);
  ForRows(form, *operands, [&](int first, int count, const std::vector<std::uint32_t>& b) {
    const auto part = [&](auto& matrix) {
      const std::size_t columns = matrix.size() / kWgmmaRows;
      return std::span(matrix).subspan(static_cast<std::size_t>(first) * columns,
                                       static_cast<std::size_t>(count) * columns);
    };
    TensorMultiplyAccumulate(model, a_type, b_type, count, form.n, k, part(operands->a), b, part(c),
                             kernel.isa);
  });
  for (std::size_t i = 0; i < c.size(); ++i)
    operands->d[i] = form.half_result ? FloatToHalf(c[i]) : std::bit_cast<std::uint32_t>(c[i]);
}

// Moves D between the registers of a warp and `d`. A half result has two numbers a register.
template <bool kToRegisters>
void MoveResult(const WgmmaForm& form, const std::uint32_t* slots, std::byte* file,
                std::vector<std::uint32_t>* d) {
  for (int index = 0; index < form.n / 2; ++index) {
    auto* words =
        reinterpret_cast<std::uint32_t*>(file + slots[form.half_result ? index / 2 : index]);
    const int shift = form.half_result ? index % 2 * 16 : 0;
    const std::uint32_t kept = form.half_result ? 0xffffu << (16 - shift) : 0;
    for (int lane = 0; lane < kWarpSize; ++lane) {
      const Place place = PlaceOfResult(lane, index);
      std::uint32_t& number =
          (*d)[static_cast<std::size_t>(place.row) * static_cast<std::size_t>(form.n) +
               static_cast<std::size_t>(place.column)];
      if constexpr (kToRegisters) {
        words[lane] = (words[lane] & kept) | number << shift;
      } else {
        number = (words[lane] & ~kept) >> shift;
      }
    }
  }
}

void ReadRegistersOfA(const WgmmaForm& form, const std::uint32_t* slots, const std::byte* file,
                      std::vector<std::uint32_t>* a) {
  const int bytes = BytesOf(form.a);
  for (int index = 0; index < kWgmmaRegistersOfA; ++index)
    for (int lane = 0; lane < kWarpSize; ++lane)
      for (int byte = 0; byte < 4; byte += bytes) {
        const Place place = PlaceOfA(lane, index, byte, bytes);
        std::uint32_t value = 0;
        std::memcpy(&value, file + slots[index] + 4 * lane + byte, static_cast<std::size_t>(bytes));
        (*a)[static_cast<std::size_t>(place.row) * static_cast<std::size_t>(form.stored_k()) +
             static_cast<std::size_t>(place.column)] = value;
      }
}

// One value for the whole warp.
bool IsUniform(const std::byte* file, std::uint32_t slot) {
  const auto* values = reinterpret_cast<const std::uint64_t*>(file + slot);
  return std::all_of(values, values + kWarpSize,
                     [values](std::uint64_t value) { return value == values[0]; });
}

}  // namespace

// Each warp of the group computes its 16 rows, when it comes to the instruction. Hardware may be
// done as late as wgmma.wait_group; but PTX as nvcc writes it moves accumulators between registers
// before that, which only ptxas can see through, so the results have to be there at once. The
// lines read are kept until the wait, to find copies that come too early.
WgmmaReads& BlockRunner::WgmmaReadsOf(int warp) {
  wgmma_reads_.resize(warps_.size());
  return wgmma_reads_[static_cast<std::size_t>(warp)];
}

bool BlockRunner::RunWgmma(int warp, const Instruction& in, std::byte* file, LaneMask lanes) {
  const int lead = std::countr_zero(lanes);
  const auto fail = [&](const char* why) { return view_.Fail(Status::kLaunchFailure, lead, why); };
  if (lanes != kFullMask) return fail("not all threads of the warp execute the instruction");
  if (static_cast<std::uint32_t>(warp / kWarpsOfGroup + 1) * kWarpsOfGroup * kWarpSize > threads_)
    return fail("the block has no whole warpgroup here");
  const LaneMask accumulates = *reinterpret_cast<const LaneMask*>(file + in.slot[2]);
  if (accumulates != 0 && accumulates != kFullMask)
    return fail("scale-d differs among the threads");
  const WgmmaForm form = WgmmaForm::Unpack(in.offset);
  if ((!form.a_in_registers && !IsUniform(file, in.slot[0])) || !IsUniform(file, in.slot[1]))
    return fail("a matrix descriptor differs among the threads");

  WgmmaReads::Lines& lines = WgmmaReadsOf(warp).current();
  const UnitReader read = [&](std::uint64_t address, void* unit) {
    constexpr std::uint64_t kBytes = 16;
    const std::byte* host = view_.Locate(Space::kShared, address, kBytes, kBytes, false, lead);
    if (host == nullptr) return false;
    if (const std::uint64_t line = address / WgmmaReads::kLineBytes; line < lines.size())
      lines.set(line);
    std::memcpy(unit, host, kBytes);
    return true;
  };
  const std::uint32_t* slots = kernel_.operand_lists.data() + in.target;
  Operands operands;
  const auto k = static_cast<std::size_t>(form.k()), n = static_cast<std::size_t>(form.n);
  const auto stored = static_cast<std::size_t>(form.stored_k());
  operands.a.resize(kWgmmaRows * stored);
  operands.b.resize(k * n);
  if (form.is_sparse)
    operands.metadata = reinterpret_cast<const std::uint32_t*>(
        file + slots[form.result_registers() + (form.a_in_registers ? kWgmmaRegistersOfA : 0)]);
  if (form.a_in_registers) {
    ReadRegistersOfA(form, slots + form.result_registers(), file, &operands.a);
  } else if (!ReadMatrix(MatrixDescriptor(ReadSlot64(file, in.slot[0], 0)),
                         MatrixPart::OfA(form, warp), read, {operands.a.data(), stored, 1})) {
    return false;
  }
  const MatrixDescriptor of_b(ReadSlot64(file, in.slot[1], 0));
  if (form.is_sparse && !form.b_is_n_major && of_b.span == kWgmmaDepthBytes)
    return fail("B, along K, has more bytes for a sparse A than a swizzle of 32 bytes");
  if (!ReadMatrix(of_b, MatrixPart::OfB(form), read, {operands.b.data(), 1, n})) return false;
  operands.d.resize(kWgmmaRows * n);
  if (accumulates != 0) MoveResult<false>(form, slots, file, &operands.d);
  if (IsInteger(form.a)) {
    MultiplyIntegers(form, &operands);
  } else {
    MultiplyFloats(form, kernel_, &operands);
  }
  MoveResult<true>(form, slots, file, &operands.d);
  return true;
}

bool BlockRunner::RunWgmmaGroup(int warp, const Instruction& in, LaneMask lanes) {
  if (lanes != kFullMask)
    return view_.Fail(Status::kLaunchFailure, std::countr_zero(lanes),
                      "not all threads of the warp execute the instruction");
  WgmmaReads& reads = WgmmaReadsOf(warp);
  if (static_cast<AsyncOp>(in.detail[0]) == AsyncOp::kWgmmaCommit) {
    reads.Commit();
  } else {
    reads.WaitUntil(static_cast<std::size_t>(in.offset));
  }
  return true;
}

}  // namespace nodecuda::simulator
