// Matrix products of cuBLAS, and copies of the CUDA driver: a peer as in bench/peers/README.md.
//   g++ -std=c++17 -O2 cublas_peer.cc -ldl
// cuBLAS is opened at run time, so that this builds and starts where it is not installed.
#include <chrono>

#include "driver.h"

namespace {

using peer::BytesOf;
using peer::Driver;
using peer::Dtype;
using peer::OperandSets;
using peer::Request;
using peer::Skip;

// Values of cublas_api.h and library_types.h, which are part of the ABI.
enum CublasOperation { kOpN = 0, kOpT = 1 };
enum CudaDataType { kR32F = 0, kR64F = 1, kR16F = 2, kR8I = 3, kR32I = 10, kR16BF = 14 };
enum CublasComputeType { kCompute32F = 68, kCompute64F = 70, kCompute32I = 72, kComputeTf32 = 77 };
constexpr int kDefaultAlgorithm = -1;
// What cuBLAS itself takes on Hopper; set so that it does not depend on the version.
constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;

class Cublas {
 public:
  explicit Cublas(Driver& driver) {
    void* library = peer::OpenLibrary({"libcublas.so.13", "libcublas.so.12"});
    peer::Find(library, "cublasCreate_v2", create_);
    peer::Find(library, "cublasGetVersion_v2", get_version_);
    peer::Find(library, "cublasSetStream_v2", set_stream_);
    peer::Find(library, "cublasSetWorkspace_v2", set_workspace_);
    peer::Find(library, "cublasGetStatusString", status_text_);
    peer::Find(library, "cublasGemmStridedBatchedEx", gemm_);
    Check(create_(&handle_), "cublasCreate");
    Check(set_stream_(handle_, driver.stream()), "cublasSetStream");
    const peer::DevicePointer workspace = driver.Allocate(kWorkspaceBytes);
    Check(set_workspace_(handle_, workspace, kWorkspaceBytes), "cublasSetWorkspace");
  }

  std::string Version() const {
    int version = 0;
    Check(get_version_(handle_, &version), "cublasGetVersion");
    const int major = version / 10000;
    const int minor = version / 100 % 100;
    return std::to_string(major) + "." + std::to_string(minor) + "." +
           std::to_string(version % 100);
  }

  // Column-major, as in BLAS.
  struct Gemm {
    CublasOperation op_a = kOpN;
    CublasOperation op_b = kOpN;
    std::int64_t m = 0;
    std::int64_t n = 0;
    std::int64_t k = 0;
    std::int64_t lda = 0;
    std::int64_t ldb = 0;
    int batches = 1;
    CudaDataType input = kR32F;
    CudaDataType output = kR32F;
    CublasComputeType compute = kCompute32F;
  };

  void Multiply(const Gemm& g, peer::DevicePointer a, peer::DevicePointer b,
                peer::DevicePointer c) const {
    const float one_float = 1;
    const double one_double = 1;
    const int one_int = 1;
    const float zero_float = 0;
    const double zero_double = 0;
    const int zero_int = 0;
    const void* one = &one_float;
    const void* zero = &zero_float;
    if (g.compute == kCompute64F) {
      one = &one_double;
      zero = &zero_double;
    } else if (g.compute == kCompute32I) {
      one = &one_int;
      zero = &zero_int;
    }
    Check(gemm_(handle_, g.op_a, g.op_b, static_cast<int>(g.m), static_cast<int>(g.n),
                static_cast<int>(g.k), one, a, g.input, static_cast<int>(g.lda), g.m * g.k, b,
                g.input, static_cast<int>(g.ldb), g.k * g.n, zero, c, g.output,
                static_cast<int>(g.m), g.m * g.n, g.batches, g.compute, kDefaultAlgorithm),
          "cublasGemmStridedBatchedEx");
  }

 private:
  void Check(int status, const char* call) const {
    if (status == 0) return;
    throw Skip(std::string(call) + ": " + status_text_(status));
  }

  int (*create_)(void**) = nullptr;
  int (*get_version_)(void*, int*) = nullptr;
  int (*set_stream_)(void*, void*) = nullptr;
  int (*set_workspace_)(void*, peer::DevicePointer, std::size_t) = nullptr;
  const char* (*status_text_)(int) = nullptr;
  int (*gemm_)(void*, int, int, int, int, int, const void*, peer::DevicePointer, int, int,
               long long, peer::DevicePointer, int, int, long long, const void*,
               peer::DevicePointer, int, int, long long, int, int, int) = nullptr;
  void* handle_ = nullptr;
};

class CublasPeer : public peer::Handler {
 public:
  CublasPeer() : cublas_(driver_), sets_(driver_) {}

  std::string Ready() const { return "{\"cuBLAS\":" + peer::Quote(cublas_.Version()) + "}"; }

  void Prepare(const Request& request) override {
    if (request.Text("place") == "host") throw Skip("works in device memory only");
    if (request.operation() == "matmul") {
      PrepareMatmul(request);
    } else if (request.operation() == "copy") {
      PrepareCopy(request);
    } else {
      throw Skip("has no " + request.operation());
    }
  }

  double Run(std::int64_t times) override { return run_(times); }

  double Sample(std::int64_t index) override { return sample_(index); }

  void Release() override {
    driver_.Synchronize();
    sets_.Clear();
    if (pinned_ != nullptr) driver_.FreePinned(pinned_);
    pinned_ = nullptr;
    pageable_ = {};
  }

 private:
  void PrepareMatmul(const Request& request) {
    const Dtype dtype = peer::ParseDtype(request.Text("dtype"));
    const std::int64_t m = request.Int("m", 0);
    const std::int64_t n = request.Int("n", 0);
    const std::int64_t k = request.Int("k", 0);
    const bool transpose_a = request.Int("transposeA", 0) != 0;
    const bool transpose_b = request.Int("transposeB", 0) != 0;
    const std::int64_t batches = request.Int("batches", 1);
    const std::int64_t sets = request.Int("sets", 1);

    // Row-major c = a b is column-major c' = b' a': the operands change places.
    Cublas::Gemm gemm;
    gemm.op_a = transpose_b ? kOpT : kOpN;
    gemm.op_b = transpose_a ? kOpT : kOpN;
    gemm.m = n;
    gemm.n = m;
    gemm.k = k;
    gemm.lda = transpose_b ? k : n;
    gemm.ldb = transpose_a ? m : k;
    gemm.batches = static_cast<int>(batches);
    const Dtype output = ChooseTypes(dtype, request.Text("precision", "ieee"), gemm);

    const int a = sets_.Add(dtype, batches * m * k, sets, 1);
    const int b = sets_.Add(dtype, batches * k * n, sets, 2);
    const int c = sets_.Add(output, batches * m * n, sets);
    run_ = [=](std::int64_t times) {
      return driver_.TimeNs(times, [&] {
        sets_.Next();
        cublas_.Multiply(gemm, sets_[b], sets_[a], sets_[c]);
      });
    };
    sample_ = [=](std::int64_t index) { return driver_.ReadElement(output, sets_[c], index); };
  }

  // Returns the dtype of the product.
  static Dtype ChooseTypes(Dtype dtype, const std::string& precision, Cublas::Gemm& gemm) {
    switch (dtype) {
      case Dtype::kFloat64:
        gemm.input = gemm.output = kR64F;
        gemm.compute = kCompute64F;
        return dtype;
      case Dtype::kFloat16:
        gemm.input = gemm.output = kR16F;
        return dtype;
      case Dtype::kBfloat16:
        gemm.input = gemm.output = kR16BF;
        return dtype;
      case Dtype::kInt8:
        gemm.input = kR8I;
        gemm.output = kR32I;
        gemm.compute = kCompute32I;
        return Dtype::kInt32;
      default:
        // 'fp32-fast' has no counterpart: it is compared with float32 itself.
        gemm.compute = precision == "tf32" ? kComputeTf32 : kCompute32F;
        return dtype;
    }
  }

  void PrepareCopy(const Request& request) {
    const std::string direction = request.Text("direction");
    const auto bytes = static_cast<std::size_t>(request.Int("bytes", 0));
    const auto length = static_cast<std::int64_t>(bytes / sizeof(float));
    const int from = sets_.Add(Dtype::kFloat32, length, 1, 1);
    const int to = sets_.Add(Dtype::kFloat32, length, 1);
    if (direction == "device-to-device") {
      run_ = [=](std::int64_t times) {
        return driver_.TimeNs(times, [&] { driver_.OnDevice(sets_[to], sets_[from], bytes); });
      };
      sample_ = [=](std::int64_t index) {
        return driver_.ReadElement(Dtype::kFloat32, sets_[to], index);
      };
      return;
    }
    void* host = HostMemory(request.Text("memory", "pageable") == "pinned", bytes);
    driver_.ToHost(host, sets_[from], bytes);
    driver_.Synchronize();
    if (direction == "host-to-device") {
      run_ = [=](std::int64_t times) {
        return HostTimeNs(times, [&] { driver_.ToDevice(sets_[to], host, bytes); });
      };
      sample_ = [=](std::int64_t index) {
        return driver_.ReadElement(Dtype::kFloat32, sets_[to], index);
      };
    } else {
      run_ = [=](std::int64_t times) {
        return HostTimeNs(times, [&] { driver_.ToHost(host, sets_[from], bytes); });
      };
      sample_ = [=](std::int64_t index) { return static_cast<float*>(host)[index]; };
    }
  }

  void* HostMemory(bool pinned, std::size_t bytes) {
    if (pinned) return pinned_ = driver_.AllocatePinned(bytes);
    pageable_.resize(bytes);
    return pageable_.data();
  }

  // Each copy is waited for, as whoever needs its data would.
  template <typename Copy>
  double HostTimeNs(std::int64_t times, Copy copy) {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < times; ++i) {
      copy();
      driver_.Synchronize();
    }
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start)
        .count();
  }

  Driver driver_;
  Cublas cublas_;
  OperandSets sets_;
  void* pinned_ = nullptr;
  std::vector<std::uint8_t> pageable_;
  std::function<double(std::int64_t)> run_;
  std::function<double(std::int64_t)> sample_;
};

}  // namespace

int main() {
  return peer::Main([] {
    CublasPeer handler;
    peer::Serve(handler, handler.Ready());
  });
}
