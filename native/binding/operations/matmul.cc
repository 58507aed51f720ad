#include "binding/abi/matmul.h"

#include "binding/abi/block.h"
#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "binding/operations/workspace.h"
#include "ops/matmul/matmul.h"

namespace nodecuda {
namespace {

using abi::matmul::Slot;
using enum Slot;
using enum abi::matmul::Flag;

MatmulOutput OutputOf(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat32:
      return kOutFloat32;
    case Dtype::kFloat64:
      return kOutFloat64;
    case Dtype::kFloat16:
      return kOutFloat16;
    case Dtype::kBfloat16:
      return kOutBfloat16;
    case Dtype::kInt32:
      return kOutInt32;
    default:
      throw Failure(Failure::Kind::kArgumentType, "no such result of a matrix product");
  }
}

// The result's element type goes with that of the inputs.
bool IsResultOf(Dtype dtype, Dtype out) {
  switch (dtype) {
    case Dtype::kFloat32:
    case Dtype::kFloat64:
      return out == dtype;
    case Dtype::kFloat16:
    case Dtype::kBfloat16:
      return out == dtype || out == Dtype::kFloat32;
    case Dtype::kInt8:
      return out == Dtype::kInt32 || out == Dtype::kFloat32 || out == Dtype::kFloat16 ||
             out == Dtype::kBfloat16;
    default:
      return false;
  }
}

// Elements from the first to the last of a stack of matrices of `rows` rows of `columns`.
// Throws kArgumentRange if rows overlap or the count does not fit.
std::size_t Extent(std::size_t rows, std::size_t columns, std::size_t row_stride,
                   std::size_t batches, std::size_t batch_stride) {
  if (row_stride < columns) {
    throw Failure(Failure::Kind::kArgumentRange, "the leading dimension is shorter than a row");
  }
  if (rows == 0 || columns == 0 || batches == 0) {
    return 0;
  }
  std::size_t extent, stack;
  if (__builtin_mul_overflow(rows - 1, row_stride, &extent) ||
      __builtin_add_overflow(extent, columns, &extent) ||
      __builtin_mul_overflow(batches - 1, batch_stride, &stack) ||
      __builtin_add_overflow(extent, stack, &extent)) {
    throw Failure(Failure::Kind::kArgumentRange, "the matrix is too large");
  }
  return extent;
}

// The numbers of a problem, without memory.
MatmulProblem ReadProblem(const Call& call) {
  auto size = [&](Slot slot) { return static_cast<std::int64_t>(call.Size(slot)); };
  MatmulProblem problem{};
  problem.dtype = DtypeOf(call, kDtype);
  const Dtype out = DtypeOf(call, kOutDtype);
  if (!IsResultOf(problem.dtype, out)) {
    throw Failure(Failure::Kind::kArgumentType, "no matrix product has these dtypes");
  }
  constexpr int kLastPrecision = static_cast<int>(MatmulPrecision::kFp32Fast);
  problem.precision = static_cast<MatmulPrecision>(call.Integer(kPrecision, 0, kLastPrecision));
  if (problem.dtype != Dtype::kFloat32 && problem.precision != MatmulPrecision::kIeee) {
    throw Failure(Failure::Kind::kArgumentType, "a precision is chosen for float32 only");
  }
  const int flags = call.Integer(kFlags, 0, kAllFlags);
  MatmulArguments& p = problem.arguments;
  p.transpose_a = (flags & kTransposeA) != 0;
  p.transpose_b = (flags & kTransposeB) != 0;
  p.m = size(kM), p.n = size(kN), p.k = size(kK), p.batches = size(kBatches);
  p.lda = size(kLda), p.ldb = size(kLdb), p.ldc = size(kLdc);
  p.a_batch_stride = size(kStrideA), p.b_batch_stride = size(kStrideB);
  p.c_batch_stride = size(kStrideC);
  p.epilogue.alpha = call.Number(kAlpha), p.epilogue.beta = call.Number(kBeta);
  p.epilogue.activation = call.Integer(kActivation, kNoActivation, kGeluTanh);
  p.epilogue.bias_per_row = (flags & kBiasPerRow) != 0;
  p.epilogue.output = OutputOf(out);
  return problem;
}

MatmulWish ReadWish(const Call& call) {
  const auto variants = MatmulVariants();
  const int variant = call.Integer(kVariant, -1, static_cast<int>(variants.size()) - 1);
  return {variant < 0 ? nullptr : &variants[static_cast<std::size_t>(variant)],
          call.Integer(kSplits, 0, abi::matmul::kMostSplits)};
}

const char* Words(MatmulUnfit unfit) {
  switch (unfit) {
    case MatmulUnfit::kFits:
      return "";
    case MatmulUnfit::kEmpty:
      return "has nothing to compute";
    case MatmulUnfit::kDtype:
      return "is for another dtype or precision";
    case MatmulUnfit::kCapability:
      return "is for another compute capability";
    case MatmulUnfit::kSharedMemory:
      return "needs more shared memory than the device has";
    case MatmulUnfit::kLayout:
      return "has no kernel for this combination of transposes";
    case MatmulUnfit::kAlignment:
      return "needs operands, rows and batches that are aligned to 16 bytes";
    case MatmulUnfit::kShape:
      return "is for fewer rows or columns";
    case MatmulUnfit::kGrid:
      return "would need more blocks than a grid can have";
    case MatmulUnfit::kUnproven:
      return "has not been measured on such a GPU yet, and is used only when asked for";
  }
  return "";
}

// One of the vectors of the epilogue: null if there is none.
const BufferView* OptionalVector(const Call& call, Slot slot, PhysicalDevice& device, Dtype dtype,
                                 std::size_t length) {
  if (call.Number(slot) == abi::kNoBuffer) {
    return nullptr;
  }
  const BufferView& vector = *call.Buffer(slot);
  RequireSameDevice(device, vector);
  RequireElements(vector, dtype, length);
  return &vector;
}

napi_value Matmul(Call& call) {
  MatmulProblem problem = ReadProblem(call);
  MatmulArguments& p = problem.arguments;
  const BufferView& a = *call.Buffer(kA);
  const BufferView& b = *call.Buffer(kB);
  const BufferView& out = *call.Buffer(kOut);
  const std::shared_ptr<StreamBox>& stream = call.Stream(kStream);
  PhysicalDevice& device = *out.memory->device().physical;
  RequireSameDevice(device, a);
  RequireSameDevice(device, b);
  RequireSameDevice(device, *stream);
  const auto size = [](std::int64_t number) { return static_cast<std::size_t>(number); };
  const std::size_t m = size(p.m), n = size(p.n), k = size(p.k), batches = size(p.batches);
  const auto require = [&](const BufferView& matrix, Dtype dtype, std::size_t rows,
                           std::size_t columns, std::int64_t row_stride,
                           std::int64_t batch_stride) {
    RequireElements(matrix, dtype,
                    Extent(rows, columns, size(row_stride), batches, size(batch_stride)));
  };
  const Dtype out_dtype = DtypeOf(call, kOutDtype);
  require(a, problem.dtype, p.transpose_a ? k : m, p.transpose_a ? m : k, p.lda, p.a_batch_stride);
  require(b, problem.dtype, p.transpose_b ? n : k, p.transpose_b ? k : n, p.ldb, p.b_batch_stride);
  require(out, out_dtype, m, n, p.ldc, p.c_batch_stride);
  if (batches > 1 && size(p.c_batch_stride) < Extent(m, n, size(p.ldc), 1, 0)) {
    throw Failure(Failure::Kind::kArgumentRange, "the results of the batches overlap");
  }
  const Dtype scale = problem.dtype == Dtype::kFloat64 ? Dtype::kFloat64 : Dtype::kFloat32;
  const BufferView* vectors[] = {
      OptionalVector(call, kBias, device, out_dtype, p.epilogue.bias_per_row != 0 ? m : n),
      OptionalVector(call, kRowScale, device, scale, m),
      OptionalVector(call, kColumnScale, device, scale, n)};
  for (const BufferView* input : {&a, &b, vectors[0], vectors[1], vectors[2]}) {
    if (input != nullptr && Overlap(*input, out)) {
      throw Failure(Failure::Kind::kArgumentRange, "out overlaps an input");
    }
  }
  device.Enter();
  if (m == 0 || n == 0 || batches == 0) {
    return call.Undefined();
  }
  // As in the BLAS: nothing of the product is read, so that no NaN of it counts.
  if (p.epilogue.alpha == 0) {
    p.epilogue.alpha = 0;
    p.k = 0;
    vectors[1] = vectors[2] = nullptr;
  }
  p.a = a.data(), p.b = b.data(), p.c = out.data();
  const MatmulWish wish = ReadWish(call);
  MatmulPlan plan;
  const Status planned =
      call.environment().matmul_planner.Plan(problem, device.properties(), wish, &plan);
  if (planned == Status::kInvalidValue && wish.variant != nullptr) {
    const MatmulPlan refused = PlanVariant(*wish.variant, problem, device.properties(), wish);
    throw Failure(Failure::Kind::kArgumentRange,
                  std::string("variant ") + wish.variant->name + " " + Words(refused.unfit));
  }
  device.Check(planned, kLaunch);

  const Module module = kKernelModules[static_cast<std::size_t>(plan.kernel)];
  if (plan.splits > 1) {
    const KernelId sum = SplitSumKernel(problem.dtype);
    device.Kernels(kKernelModules[static_cast<std::size_t>(sum)]);
  }
  const OpContext context = ContextOf(device, *stream, module);
  const Workspace workspace(stream, plan.workspace_bytes);
  a.memory->BeforeRead(stream);
  b.memory->BeforeRead(stream);
  const void** const places[] = {&p.epilogue.bias, &p.epilogue.row_scale, &p.epilogue.column_scale};
  for (std::size_t i = 0; i < std::size(vectors); ++i) {
    if (vectors[i] == nullptr) {
      continue;
    }
    vectors[i]->memory->BeforeRead(stream);
    *places[i] = vectors[i]->data();
  }
  out.memory->BeforeWrite(stream);
  device.Check(EnqueueMatmul(context, problem, plan, workspace.data()), kLaunch);
  return call.Undefined();
}

napi_value Describe(napi_env env, const MatmulPlan& plan) {
  const MatmulVariant& variant = *plan.variant;
  Object object(env);
  object.Set("variant", variant.name);
  if (plan.unfit == MatmulUnfit::kFits) {
    object.Set("rejected", nullptr);
  } else {
    object.Set("rejected", Words(plan.unfit));
  }
  const std::int64_t tile[] = {variant.tile_m, variant.tile_n, variant.tile_k};
  object.Set("tile", ToArray(env, tile));
  object.Set("threads", variant.threads);
  object.Set("dynamicSharedBytes", variant.dynamic_shared_bytes);
  object.Set("blocksPerMultiprocessor", variant.blocks_per_multiprocessor);
  object.Set("tiles", plan.tiles);
  object.Set("splits", plan.splits);
  object.Set("workspaceBytes", plan.workspace_bytes);
  object.Set("modelledSeconds", plan.modelled_seconds);
  object.Set("proven", variant.proven);
  return object.value();
}

// Every variant of the dtype, as it would compute the problem in the argument block.
napi_value PlanMatmul(Call& call) {
  MatmulProblem problem = ReadProblem(call);
  const DeviceProperties& properties = call.Device(kDevice)->box->physical->properties();
  if ((call.Integer(kFlags, 0, kAllFlags) & kUnaligned) != 0) {
    problem.arguments.a = reinterpret_cast<const void*>(ByteSize(problem.dtype));
  }
  const MatmulWish wish = ReadWish(call);
  Array plans(call.env());
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (wish.variant != nullptr && wish.variant != &variant) {
      continue;
    }
    const MatmulPlan plan = PlanVariant(variant, problem, properties, wish);
    if (plan.unfit != MatmulUnfit::kDtype || wish.variant != nullptr) {
      plans.Add(Describe(call.env(), plan));
    }
  }
  return plans.value();
}

napi_value VariantNames(Call& call) {
  Array names(call.env());
  for (const MatmulVariant& variant : MatmulVariants()) {
    names.Add(variant.name);
  }
  return names.value();
}

}  // namespace

void ExportMatmul(napi_env env, napi_value exports, Environment& environment) {
  constexpr auto kInBlock = Call::Arguments::kInBlock;
  ExportFunction(env, exports, environment, "matmul", EntryPoint<Matmul, kInBlock>);
  ExportFunction(env, exports, environment, "planMatmul", EntryPoint<PlanMatmul, kInBlock>);
  ExportFunction(env, exports, environment, "matmulVariants", EntryPoint<VariantNames>);
}

}  // namespace nodecuda
