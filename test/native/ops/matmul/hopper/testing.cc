#include "test/native/ops/matmul/hopper/testing.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>
#include <string>

namespace nodecuda::test {
namespace {

std::size_t Size(std::int64_t count) {
  return static_cast<std::size_t>(count);
}

// ---- elements of any type, as the bytes in device memory

std::uint16_t Bfloat16Bits(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (std::isnan(value)) return 0x7fc0;
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

double Bfloat16Value(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

std::uint16_t Float16Bits(double value) {
  return std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
}

double Float16Value(std::uint16_t bits) {
  return static_cast<double>(std::bit_cast<_Float16>(bits));
}

template <typename T>
void Put(std::byte* target, T value) {
  std::memcpy(target, &value, sizeof value);
}
template <typename T>
T Get(const std::byte* source) {
  T value;
  std::memcpy(&value, source, sizeof value);
  return value;
}

class Elements {
 public:
  explicit Elements(Dtype dtype) : dtype_(dtype) {}
  std::size_t bytes() const { return ByteSize(dtype_); }
  void Write(std::byte* target, double value) const {
    switch (dtype_) {
      case Dtype::kBfloat16:
        return Put(target, Bfloat16Bits(value));
      case Dtype::kFloat16:
        return Put(target, Float16Bits(value));
      case Dtype::kInt8:
        return Put(target, static_cast<std::int8_t>(value));
      case Dtype::kInt32:
        return Put(target, static_cast<std::int32_t>(value));
      default:
        return Put(target, static_cast<float>(value));
    }
  }
  double Read(const std::byte* source) const {
    switch (dtype_) {
      case Dtype::kBfloat16:
        return Bfloat16Value(Get<std::uint16_t>(source));
      case Dtype::kFloat16:
        return Float16Value(Get<std::uint16_t>(source));
      case Dtype::kInt8:
        return Get<std::int8_t>(source);
      case Dtype::kInt32:
        return Get<std::int32_t>(source);
      default:
        return static_cast<double>(Get<float>(source));
    }
  }
  double Round(double value) const {
    std::byte bytes[8];
    Write(bytes, value);
    return Read(bytes);
  }
  // What no result may be computed from.
  double Poison() const {
    return dtype_ == Dtype::kInt8 ? 100 : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  Dtype dtype_;
};

Dtype OutputDtype(MatmulOutput output) {
  switch (output) {
    case kOutFloat16:
      return Dtype::kFloat16;
    case kOutBfloat16:
      return Dtype::kBfloat16;
    case kOutInt32:
      return Dtype::kInt32;
    default:
      return Dtype::kFloat32;
  }
}

// ---- matrices

// Batches of matrices in memory of their own, with something before, between and behind the rows.
struct Layout {
  std::int64_t rows, columns, stride, batches, before;
  std::int64_t batch_stride() const { return stride * (rows + 1); }
  std::int64_t count() const { return before + batch_stride() * batches + before; }
  std::int64_t Index(std::int64_t batch, std::int64_t row, std::int64_t column) const {
    return before + batch * batch_stride() + row * stride + column;
  }
};

Layout OperandLayout(const HopperCase& test, std::int64_t rows, std::int64_t columns, bool shared) {
  const auto alignment = 16 / static_cast<std::int64_t>(ByteSize(test.dtype));
  const std::int64_t stride =
      (columns + alignment - 1) / alignment * alignment + test.padding * alignment + test.misalign;
  return {rows, columns, stride, shared ? 1 : test.batches, alignment * 2 + test.misalign};
}

// `values` are [batch][row][column], or of the transpose.
std::vector<std::byte> Image(const Layout& layout, const Elements& elements, bool transpose,
                             const std::vector<double>& values) {
  std::vector<std::byte> image(Size(layout.count()) * elements.bytes());
  for (std::size_t i = 0; i < Size(layout.count()); ++i) {
    elements.Write(&image[i * elements.bytes()], elements.Poison());
  }
  for (std::int64_t batch = 0; batch < layout.batches; ++batch) {
    for (std::int64_t row = 0; row < layout.rows; ++row) {
      for (std::int64_t column = 0; column < layout.columns; ++column) {
        const std::int64_t from = transpose ? (batch * layout.columns + column) * layout.rows + row
                                            : (batch * layout.rows + row) * layout.columns + column;
        elements.Write(&image[Size(layout.Index(batch, row, column)) * elements.bytes()],
                       values[Size(from)]);
      }
    }
  }
  return image;
}

std::uint32_t Hash(std::uint32_t value) {
  value *= 0x9e3779b1u;
  value ^= value >> 15;
  value *= 0x85ebca77u;
  return value ^ value >> 13;
}

std::vector<double> Filled(std::int64_t count, std::uint32_t seed, const HopperFill& fill) {
  std::vector<double> values(Size(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = fill(Hash(seed * 1000003u + static_cast<std::uint32_t>(i)));
  }
  return values;
}

void Round(const Elements& elements, std::vector<double>* values) {
  for (double& value : *values) value = elements.Round(value);
}

std::vector<std::byte> Packed(const Elements& elements, const std::vector<double>& values) {
  std::vector<std::byte> image(values.size() * elements.bytes());
  for (std::size_t i = 0; i < values.size(); ++i) {
    elements.Write(&image[i * elements.bytes()], values[i]);
  }
  return image;
}

// ---- the launch

class Memory {
 public:
  explicit Memory(SimulatedKernels& kernels) : kernels_(kernels) {}
  ~Memory() {
    // Free may fail the test, but a device that has failed it already refuses everything.
    if (std::uncaught_exceptions() > 0) return;
    for (void* pointer : pointers_) kernels_.Free(pointer);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  std::byte* Upload(const std::vector<std::byte>& image) {
    pointers_.push_back(kernels_.Upload(image));
    return static_cast<std::byte*>(pointers_.back());
  }

 private:
  SimulatedKernels& kernels_;
  std::vector<void*> pointers_;
};

void Must(Status status) {
  REQUIRE_MESSAGE(status == Status::kSuccess, StatusName(status));
}

// Any variant with the tile.
const MatmulVariant& FindVariant(const HopperCase& test) {
  for (const MatmulVariant& variant : MatmulVariants()) {
    if (variant.family != MatmulFamily::kWgmma || variant.dtype != test.dtype ||
        variant.precision != test.precision || variant.tile_n != test.tile_n) {
      continue;
    }
    return variant;
  }
  FAIL("no such variant");
  return MatmulVariants()[0];
}

OpContext PreparedContext(SimulatedKernels& kernels) {
  static const SimulatedKernels* prepared = nullptr;
  const OpContext context = kernels.Context(Module::matmul_hopper);
  if (prepared != &kernels) {
    Must(AllowDynamicShared(context.runtime, context.kernels, Module::matmul_hopper,
                            context.properties, 0));
  }
  prepared = &kernels;
  return context;
}

void Launch(SimulatedKernels& kernels, Memory& memory, const HopperCase& test,
            const MatmulArguments& arguments) {
  const OpContext context = PreparedContext(kernels);
  const int multiprocessors = kernels.properties().multiprocessor_count;
  kernels.properties().multiprocessor_count = test.multiprocessors;
  MatmulVariant variant = FindVariant(test);
  variant.cluster = test.cluster;
  REQUIRE(HopperUnfit(variant, arguments) == MatmulUnfit::kFits);
  const std::size_t pack_bytes = HopperPackBytes(variant, arguments);
  void* packs = nullptr;
  if (pack_bytes > 0) {
    packs = memory.Upload(std::vector<std::byte>(pack_bytes, std::byte{0xff}));  // NaN
  }
  INFO(variant.name);
  const Status status = EnqueueHopper(context, variant, arguments, packs);
  kernels.properties().multiprocessor_count = multiprocessors;
  Must(status);
  kernels.Synchronize();
}

void LaunchPlanned(SimulatedKernels& kernels, Memory& memory, const HopperCase& test,
                   const MatmulArguments& arguments) {
  kernels.Context(Module::matmul_simt);  // adds up splits
  const OpContext context = PreparedContext(kernels);
  const MatmulVariant& variant = FindVariant(test);
  MatmulProblem problem{};
  problem.dtype = test.dtype;
  problem.precision = test.precision;
  problem.arguments = arguments;
  const MatmulPlan plan = PlanVariant(variant, problem, context.properties,
                                      {.variant = &variant, .splits = test.splits});
  REQUIRE(plan.unfit == MatmulUnfit::kFits);
  REQUIRE(plan.splits == test.splits);
  void* workspace = nullptr;
  if (plan.workspace_bytes > 0) {
    workspace = memory.Upload(std::vector<std::byte>(plan.workspace_bytes, std::byte{0xff}));
  }
  INFO(variant.name);
  Must(EnqueueMatmul(context, problem, plan, workspace));
  kernels.Synchronize();
}

double Activate(double value, MatmulActivation activation) {
  switch (activation) {
    case kNoActivation:
      return value;
    case kRelu:
      return value < 0 ? 0 : value;
    case kGelu:
      return 0.5 * value * std::erfc(-value * std::sqrt(0.5));
    case kGeluTanh:
      return value /
             (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (value + 0.044715 * value * value * value)));
  }
  return value;
}

}  // namespace

double SmallInteger(std::uint32_t seed) {
  return static_cast<double>(seed % 7) - 3;
}

double Uniform(std::uint32_t seed) {
  return static_cast<double>(static_cast<float>(seed) * 0x1p-31f - 1.0f);
}

double RoundTo(MatmulOutput output, double value) {
  return Elements(OutputDtype(output)).Round(value);
}

HopperResult RunHopper(const HopperCase& test, const HopperFill& fill,
                       const std::function<void(HopperResult&)>& change) {
  SimulatedKernels& kernels = SimulatedKernels::Of(90);
  const Elements operands(test.dtype), outputs(OutputDtype(test.output));
  const Elements floats(Dtype::kFloat32);
  const std::int64_t batches = test.batches, m = test.m, n = test.n, k = test.k;

  HopperResult result;
  result.a = Filled((test.share_a ? 1 : batches) * m * k, 1, fill);
  result.b = Filled((test.share_b ? 1 : batches) * k * n, 2, fill);
  result.old_c = Filled(batches * m * n, 3, fill);
  if (test.bias) result.bias = Filled(test.bias_per_row ? m : n, 4, fill);
  if (test.scales) {
    result.row_scale = Filled(m, 5, [](std::uint32_t seed) { return seed % 2 ? 0.5 : 2; });
    result.column_scale = Filled(n, 6, [](std::uint32_t seed) { return seed % 2 ? -1 : 0.25; });
  }
  if (change) change(result);
  // To what memory will hold.
  for (std::vector<double>* values : {&result.a, &result.b}) Round(operands, values);
  for (std::vector<double>* values : {&result.old_c, &result.bias}) Round(outputs, values);

  const Layout a = test.transpose_a ? OperandLayout(test, k, m, test.share_a)
                                    : OperandLayout(test, m, k, test.share_a);
  const Layout b = test.transpose_b ? OperandLayout(test, n, k, test.share_b)
                                    : OperandLayout(test, k, n, test.share_b);
  const Layout c{m, n, n + 3, batches, 5};
  Memory memory(kernels);
  MatmulArguments arguments{};
  arguments.m = m;
  arguments.n = n;
  arguments.k = k;
  const std::size_t operand_bytes = operands.bytes();
  arguments.a = memory.Upload(Image(a, operands, test.transpose_a, result.a)) +
                Size(a.before) * operand_bytes;
  arguments.lda = a.stride;
  arguments.a_batch_stride = test.share_a ? 0 : a.batch_stride();
  arguments.b = memory.Upload(Image(b, operands, test.transpose_b, result.b)) +
                Size(b.before) * operand_bytes;
  arguments.ldb = b.stride;
  arguments.b_batch_stride = test.share_b ? 0 : b.batch_stride();
  arguments.transpose_a = test.transpose_a;
  arguments.transpose_b = test.transpose_b;
  const std::vector<std::byte> c_before = Image(c, outputs, false, result.old_c);
  std::byte* const c_memory = memory.Upload(c_before);
  arguments.c = c_memory + Size(c.before) * outputs.bytes();
  arguments.ldc = c.stride;
  arguments.c_batch_stride = c.batch_stride();
  arguments.batches = batches;
  arguments.splits = test.splits;
  const std::size_t sums = Size(test.splits * batches * m * n);
  std::byte* workspace = nullptr;
  if (test.splits > 1 && !test.planned) {
    workspace = memory.Upload(std::vector<std::byte>(sums * 4, std::byte{0xff}));
    arguments.workspace = workspace;
  }
  MatmulEpilogue& epilogue = arguments.epilogue;
  epilogue.alpha = test.alpha;
  epilogue.beta = test.beta;
  if (test.bias) epilogue.bias = memory.Upload(Packed(outputs, result.bias));
  epilogue.bias_per_row = test.bias_per_row;
  if (test.scales) {
    epilogue.row_scale = memory.Upload(Packed(floats, result.row_scale));
    epilogue.column_scale = memory.Upload(Packed(floats, result.column_scale));
  }
  epilogue.activation = test.activation;
  epilogue.output = test.output;

  (test.planned ? LaunchPlanned : Launch)(kernels, memory, test, arguments);

  std::vector<std::byte> c_after = kernels.Download(c_memory, c_before.size());
  if (test.splits > 1 && !test.planned) {
    CHECK(c_after == c_before);
    const std::vector<std::byte> raw = kernels.Download(workspace, sums * 4);
    const Elements accumulators(test.dtype == Dtype::kInt8 ? Dtype::kInt32 : Dtype::kFloat32);
    for (std::size_t i = 0; i < sums; ++i) result.c.push_back(accumulators.Read(&raw[i * 4]));
    return result;
  }
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (std::int64_t row = 0; row < m; ++row) {
      for (std::int64_t column = 0; column < n; ++column) {
        const std::size_t at = Size(c.Index(batch, row, column)) * outputs.bytes();
        result.c.push_back(outputs.Read(&c_after[at]));
        std::memcpy(&c_after[at], &c_before[at], outputs.bytes());
      }
    }
  }
  CHECK_MESSAGE(c_after == c_before, "something outside of c was written");
  return result;
}

std::vector<double> ExpectedHopper(const HopperCase& test, const HopperResult& result) {
  std::vector<double> expected;
  const std::int64_t m = test.m, n = test.n, k = test.k;
  std::vector<double> sums(Size(n));
  for (std::int64_t batch = 0; batch < test.batches; ++batch) {
    const double* const a = result.a.data() + (test.share_a ? 0 : batch * m * k);
    const double* const b = result.b.data() + (test.share_b ? 0 : batch * k * n);
    for (std::int64_t row = 0; row < m; ++row) {
      std::fill(sums.begin(), sums.end(), 0);
      for (std::int64_t step = 0; step < k; ++step) {
        for (std::int64_t column = 0; column < n; ++column) {
          sums[Size(column)] += a[row * k + step] * b[step * n + column];
        }
      }
      for (std::int64_t column = 0; column < n; ++column) {
        double value = test.alpha * sums[Size(column)];
        if (test.scales) value *= result.row_scale[Size(row)] * result.column_scale[Size(column)];
        if (test.bias) value += result.bias[Size(test.bias_per_row ? row : column)];
        if (test.beta != 0) value += test.beta * result.old_c[expected.size()];
        expected.push_back(Activate(value, test.activation));
      }
    }
  }
  return expected;
}

void CheckExact(const HopperCase& test) {
  CAPTURE(test.tile_n);
  CAPTURE(test.transpose_a);
  CAPTURE(test.transpose_b);
  CAPTURE(test.m);
  CAPTURE(test.n);
  CAPTURE(test.k);
  CAPTURE(test.cluster);
  const HopperResult result = RunHopper(test);
  const std::vector<double> expected = ExpectedHopper(test, result);
  REQUIRE(result.c.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    INFO("batch " << index / (test.m * test.n) << ", row " << index / test.n % test.m << ", column "
                  << index % test.n);
    REQUIRE(result.c[i] == RoundTo(test.output, expected[i]));
  }
}

}  // namespace nodecuda::test
