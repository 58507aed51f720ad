#include <chrono>

#include "binding/call.h"
#include "binding/exports.h"
#include "binding/operands.h"
#include "ops/ops.h"

namespace nodecuda {
namespace {

constexpr const char* kLaunch = "cudaLaunchKernelExC";

Dtype DtypeOf(const Call& call, std::size_t index) {
  return static_cast<Dtype>(call.Integer(index, 0, kDtypeCount - 1));
}

void RequireElements(const BufferView& buffer, Dtype dtype, std::size_t length) {
  std::size_t element_bytes = ByteSize(dtype);
  RequireAligned(buffer, element_bytes);
  if (length > buffer.bytes / element_bytes) {
    throw Failure(Failure::Kind::kArgumentRange, "the buffer is too short");
  }
}

struct AddOperands {
  explicit AddOperands(const Call& call)
      : dtype(DtypeOf(call, 0)),
        x(*call.Buffer(1)),
        y(*call.Buffer(2)),
        out(*call.Buffer(3)),
        length(call.Size(4)),
        stream(call.Stream(5)),
        device(*out.memory->device().physical) {
    RequireSameDevice(device, x);
    RequireSameDevice(device, y);
    RequireSameDevice(device, *stream);
    RequireElements(x, dtype, length);
    RequireElements(y, dtype, length);
    RequireElements(out, dtype, length);
  }

  void Enqueue() const {
    device.Enter();
    if (length == 0) {
      return;
    }
    x.memory->BeforeRead(stream);
    y.memory->BeforeRead(stream);
    out.memory->BeforeWrite(stream);
    device.Check(EnqueueAdd(ContextOf(device, *stream, Module::elementwise), dtype, x.data(),
                            y.data(), out.data(), length),
                 kLaunch);
  }

  Dtype dtype;
  const BufferView& x;
  const BufferView& y;
  const BufferView& out;
  std::size_t length;
  const std::shared_ptr<StreamBox>& stream;
  PhysicalDevice& device;
};

napi_value Add(Call& call) {
  AddOperands(call).Enqueue();
  return call.Undefined();
}

// The same calls as Add makes, from a C++ loop: what is left of Add's time is the binding's.
napi_value BenchEnqueue(Call& call) {
  AddOperands operands(call);
  std::size_t count = call.Size(6);
  auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    operands.Enqueue();
  }
  std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  return call.FromNumber(count == 0 ? 0 : elapsed.count() / static_cast<double>(count));
}

// Elements from the first to the last of a matrix of `rows` rows of `columns`, `stride` apart.
// Throws kArgumentRange if the rows overlap or the count does not fit.
std::size_t MatrixExtent(std::size_t rows, std::size_t columns, std::size_t stride) {
  if (stride < columns) {
    throw Failure(Failure::Kind::kArgumentRange, "the leading dimension is shorter than a row");
  }
  if (rows == 0 || columns == 0) {
    return 0;
  }
  std::size_t extent;
  if (__builtin_mul_overflow(rows - 1, stride, &extent) ||
      __builtin_add_overflow(extent, columns, &extent)) {
    throw Failure(Failure::Kind::kArgumentRange, "the matrix is too large");
  }
  return extent;
}

bool Overlap(const BufferView& a, const BufferView& b) {
  return a.memory == b.memory && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

napi_value Matmul(Call& call) {
  Dtype dtype = DtypeOf(call, 0);
  int flags = call.Integer(1, 0, 3);
  bool transpose_a = flags & 1, transpose_b = flags & 2;
  std::size_t m = call.Size(2), n = call.Size(3), k = call.Size(4);
  double alpha = call.Number(5), beta = call.Number(10);
  const BufferView& a = *call.Buffer(6);
  const BufferView& b = *call.Buffer(8);
  const BufferView& out = *call.Buffer(11);
  std::size_t lda = call.Size(7), ldb = call.Size(9), ldc = call.Size(12);
  const std::shared_ptr<StreamBox>& stream = call.Stream(13);
  PhysicalDevice& device = *out.memory->device().physical;
  if (dtype != Dtype::kFloat32 && dtype != Dtype::kFloat64) {
    throw Failure(Failure::Kind::kArgumentType, "matmul takes float32 and float64");
  }
  RequireSameDevice(device, a);
  RequireSameDevice(device, b);
  RequireSameDevice(device, *stream);
  RequireElements(a, dtype, transpose_a ? MatrixExtent(k, m, lda) : MatrixExtent(m, k, lda));
  RequireElements(b, dtype, transpose_b ? MatrixExtent(n, k, ldb) : MatrixExtent(k, n, ldb));
  RequireElements(out, dtype, MatrixExtent(m, n, ldc));
  if (Overlap(a, out) || Overlap(b, out)) {
    throw Failure(Failure::Kind::kArgumentRange, "out overlaps an input");
  }
  device.Enter();
  if (m == 0 || n == 0) {
    return call.Undefined();
  }
  a.memory->BeforeRead(stream);
  b.memory->BeforeRead(stream);
  out.memory->BeforeWrite(stream);
  auto size = [](std::size_t value) { return static_cast<std::int64_t>(value); };
  MatmulProblem problem{dtype,    transpose_a, transpose_b, size(m),  size(n),
                        size(k),  alpha,       beta,        a.data(), size(lda),
                        b.data(), size(ldb),   out.data(),  size(ldc)};
  device.Check(EnqueueMatmul(ContextOf(device, *stream, Module::matmul_simt), problem), kLaunch);
  return call.Undefined();
}

}  // namespace

void ExportOperations(napi_env env, napi_value exports, Environment& environment) {
  auto add = [&](const char* name, napi_callback entry_point) {
    ExportFunction(env, exports, environment, name, entry_point);
  };
  add("add", EntryPoint<Add>);
  add("matmul", EntryPoint<Matmul, Call::Arguments::kInBlock>);
  add("benchEnqueue", EntryPoint<BenchEnqueue>);
}

}  // namespace nodecuda
