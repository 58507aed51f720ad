#include "ops/elementwise/elementwise.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "ops/kernels/launch.h"

namespace nodecuda {
namespace {

// As in cuda/elementwise/tile.cuh: a thread has 4 vectors of each operand. The wider element of
// those before and after fills 16 bytes.
constexpr std::uint32_t kThreads = 256;
constexpr std::uint64_t kVectorsPerBlock = kThreads * 4;

std::int64_t VectorElements(const ElementwiseProblem& problem) {
  return static_cast<std::int64_t>(
      16 / std::max(ByteSize(problem.source), ByteSize(problem.destination)));
}

#define NODECUDA_BY_DTYPE(family)                                                       \
  {                                                                                     \
    KernelId::family##_float32, KernelId::family##_float64, KernelId::family##_float16, \
        KernelId::family##_bfloat16, KernelId::family##_int8, KernelId::family##_int8,  \
        KernelId::family##_int16, KernelId::family##_int16, KernelId::family##_int32,   \
        KernelId::family##_int32, KernelId::family##_int64, KernelId::family##_int64    \
  }
constexpr KernelId kUnaryKernels[kDtypeCount] = NODECUDA_BY_DTYPE(unary);
constexpr KernelId kBinaryKernels[kDtypeCount] = NODECUDA_BY_DTYPE(binary);
#undef NODECUDA_BY_DTYPE

#define NODECUDA_BY_BYTES(from)                                                               \
  {                                                                                           \
    KernelId::convert_##from##_1, KernelId::convert_##from##_2, KernelId::convert_##from##_4, \
        KernelId::convert_##from##_8                                                          \
  }
constexpr KernelId kConvertKernels[4][4] = {NODECUDA_BY_BYTES(1), NODECUDA_BY_BYTES(2),
                                            NODECUDA_BY_BYTES(4), NODECUDA_BY_BYTES(8)};
#undef NODECUDA_BY_BYTES

// False if there is no such operation on the dtype.
bool FindKernel(const ElementwiseProblem& problem, KernelId* kernel) {
  const auto dtype = static_cast<int>(problem.source);
  const int last_of_integers = problem.family == ElementwiseFamily::kUnary
                                   ? kLastUnaryOfIntegers
                                   : static_cast<int>(kLastBinaryOfIntegers);
  const int last_of_floats = problem.family == ElementwiseFamily::kUnary
                                 ? kUnaryOperations - 1
                                 : static_cast<int>(kBinaryOperations) - 1;
  const int last = IsFloat(problem.source) ? last_of_floats : last_of_integers;
  if (problem.family == ElementwiseFamily::kConvert) {
    const int from = std::countr_zero(ByteSize(problem.source));
    const int to = std::countr_zero(ByteSize(problem.destination));
    *kernel = kConvertKernels[from][to];
    return true;
  }
  *kernel =
      problem.family == ElementwiseFamily::kUnary ? kUnaryKernels[dtype] : kBinaryKernels[dtype];
  return problem.operation >= 0 && problem.operation <= last &&
         problem.source == problem.destination;
}

// Without the dimensions, of which a contiguous launch has none.
void FillCommon(const ElementwiseProblem& problem, ElementwiseArguments* arguments) {
  arguments->out = problem.out;
  for (int i = 0; i < 2; ++i) {
    arguments->inputs[i] = problem.inputs[i];
    arguments->scalars[i] = problem.scalars[i];
  }
  arguments->operation = problem.operation;
  arguments->source = static_cast<int>(problem.source);
  arguments->destination = static_cast<int>(problem.destination);
}

bool IsAlignedTo(const void* pointer, std::int64_t bytes) {
  return reinterpret_cast<std::uintptr_t>(pointer) % static_cast<std::uintptr_t>(bytes) == 0;
}

struct Operand {
  const void* pointer;
  std::int64_t element_bytes;
  const std::int64_t* strides;
};

Operand OperandOf(const ElementwiseProblem& problem, int i) {
  const Dtype dtype = i == 0 ? problem.destination : problem.source;
  return {i == 0 ? problem.out : problem.inputs[i - 1], static_cast<std::int64_t>(ByteSize(dtype)),
          problem.strides[i]};
}

// How vectors along the innermost dimension would be read, or kByElement if they cannot be.
OperandAccess VectorAccess(const Operand& operand, int dimensions, std::int64_t elements) {
  const std::int64_t innermost = operand.strides[dimensions - 1];
  if (operand.pointer == nullptr || innermost == 0) return kRepeated;
  if (innermost != 1 || !IsAlignedTo(operand.pointer, elements * operand.element_bytes)) {
    return kByElement;
  }
  for (int d = 0; d < dimensions - 1; ++d) {
    if (operand.strides[d] % elements != 0) return kByElement;
  }
  return kByVector;
}

// The innermost dimension is counted in vectors if all operands allow it.
void FillDimensions(const ElementwiseProblem& problem, ElementwiseArguments* arguments) {
  const int dimensions = problem.dimensions;
  const std::int64_t elements = VectorElements(problem);
  bool vectors = problem.shape[dimensions - 1] % elements == 0;
  for (int i = 0; i < 3; ++i) {
    arguments->access[i] = VectorAccess(OperandOf(problem, i), dimensions, elements);
    vectors &= arguments->access[i] != kByElement;
  }
  vectors &= arguments->access[0] == kByVector;
  if (!vectors) std::fill_n(arguments->access, 3, kByElement);
  arguments->dimensions = dimensions;
  for (int d = 0; d < dimensions; ++d) {
    const int from = dimensions - 1 - d;
    const bool in_vectors = vectors && d == 0;
    ElementwiseDimension& dimension = arguments->dimension[d];
    const std::int64_t extent = problem.shape[from] / (in_vectors ? elements : 1);
    dimension.extent = DivideBy(static_cast<std::uint32_t>(extent));
    for (int i = 0; i < 3; ++i) {
      dimension.strides[i] = problem.strides[i][from] * (in_vectors ? elements : 1);
    }
  }
}

Status LaunchContiguous(const OpContext& context, KernelId kernel,
                        const ElementwiseProblem& problem) {
  ElementwiseArguments arguments;  // most of it is for strided launches: not worth clearing
  FillCommon(problem, &arguments);
  arguments.length = problem.length;
  arguments.dimensions = 0;
  const auto per_block = kVectorsPerBlock * static_cast<std::uint64_t>(VectorElements(problem));
  return Launch(context, kernel, CeilDiv(problem.length, per_block), kThreads, arguments);
}

void Advance(ElementwiseProblem* problem, int dimension, std::int64_t count) {
  for (int i = 0; i < 3; ++i) {
    const Operand operand = OperandOf(*problem, i);
    if (operand.pointer == nullptr) continue;
    const std::int64_t bytes = operand.strides[dimension] * count * operand.element_bytes;
    if (i == 0) {
      problem->out = static_cast<std::byte*>(problem->out) + bytes;
    } else {
      problem->inputs[i - 1] = static_cast<const std::byte*>(operand.pointer) + bytes;
    }
  }
}

// Dimensions before `outer` have extent 1.
Status LaunchStrided(const OpContext& context, KernelId kernel, ElementwiseProblem problem,
                     int outer) {
  std::int64_t inner = 1;  // elements in the dimensions after `outer`
  for (int d = outer + 1; d < problem.dimensions; ++d) inner *= problem.shape[d];
  const std::int64_t extent = problem.shape[outer];
  if (extent <= kMaxStridedUnits / inner) {
    ElementwiseArguments arguments;
    FillCommon(problem, &arguments);
    FillDimensions(problem, &arguments);
    const bool vectors = arguments.access[0] == kByVector;
    const auto units = static_cast<std::uint64_t>(inner * extent);
    const auto vector_elements = static_cast<std::uint64_t>(VectorElements(problem));
    arguments.length = vectors ? units / vector_elements : units;
    const std::uint64_t per_block = kVectorsPerBlock * (vectors ? 1 : vector_elements);
    return Launch(context, kernel, CeilDiv(arguments.length, per_block), kThreads, arguments);
  }
  // Too many to index: slices of this dimension, as thick as possible.
  const std::int64_t slice = std::max<std::int64_t>(kMaxStridedUnits / inner, 1);
  for (std::int64_t begin = 0; begin < extent; begin += slice) {
    problem.shape[outer] = std::min(slice, extent - begin);
    const bool split_further = kMaxStridedUnits < inner;
    const Status status = LaunchStrided(context, kernel, problem, outer + split_further);
    if (status != Status::kSuccess) return status;
    Advance(&problem, outer, slice);
  }
  return Status::kSuccess;
}

}  // namespace

IndexDivision DivideBy(std::uint32_t divisor) {
  const auto shift = static_cast<std::uint32_t>(std::bit_width(divisor - 1));
  const std::uint64_t excess = (std::uint64_t{1} << shift) - divisor;
  return {divisor, static_cast<std::uint32_t>((excess << 32) / divisor + 1), shift};
}

Status EnqueueElementwise(const OpContext& context, const ElementwiseProblem& problem) {
  KernelId kernel;
  if (!FindKernel(problem, &kernel)) return Status::kInvalidValue;
  if (problem.dimensions == 0) {
    if (problem.length == 0) return Status::kSuccess;
    return LaunchContiguous(context, kernel, problem);
  }
  const std::int64_t* end = problem.shape + problem.dimensions;
  if (std::find(problem.shape, end, 0) != end) return Status::kSuccess;
  return LaunchStrided(context, kernel, problem, 0);
}

}  // namespace nodecuda
