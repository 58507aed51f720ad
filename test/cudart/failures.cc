// Failures that were ordered, what was called how often, and each thread's last error.
#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "double.h"
#include "order.h"

namespace nodecuda::cudart {
namespace {

constexpr const char* kCalls =
    "cudaCreateSurfaceObject cudaCreateTextureObject cudaDestroySurfaceObject "
    "cudaDestroyTextureObject cudaFreeArray cudaMalloc3DArray cudaMemcpy3DAsync "
    "cudaDeviceGetAttribute cudaDeviceGetStreamPriorityRange cudaDeviceSynchronize "
    "cudaDriverGetVersion cudaEventCreateWithFlags cudaEventDestroy cudaEventElapsedTime "
    "cudaEventQuery cudaEventRecord cudaEventSynchronize cudaFreeAsync cudaFreeHost "
    "cudaFuncGetAttributes cudaGetDevice "
    "cudaGetDeviceCount cudaGetDeviceProperties cudaGetDriverEntryPointByVersion cudaGetLastError "
    "cudaHostAlloc cudaKernelSetAttributeForDevice cudaLaunchKernelExC cudaLibraryGetGlobal "
    "cudaLibraryGetKernel "
    "cudaLibraryLoadData cudaLibraryUnload cudaMallocFromPoolAsync cudaMemGetInfo "
    "cudaMemPoolCreate "
    "cudaMemPoolDestroy cudaMemPoolSetAttribute cudaMemPoolTrimTo cudaMemcpyAsync cudaMemsetAsync "
    "cudaOccupancyMaxActiveBlocksPerMultiprocessor cudaRuntimeGetVersion cudaSetDevice "
    "cudaStreamCreateWithPriority cudaStreamDestroy "
    "cudaStreamQuery cudaStreamSynchronize cudaStreamWaitEvent cuTensorMapEncodeTiled";

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

enum class Mode { kOnce, kPersistent, kSticky };

struct Order {
  unsigned long long after;  // how many calls are let through still
  cudaError_t code;
  Mode mode;
};

class Failures {
 public:
  Failures() {
    for (const std::string& name : Split(kCalls, ' ')) counts_[name] = 0;
    counts_["*"] = 0;
    const char* orders = std::getenv("NODECUDA_DOUBLE_FAIL");
    for (const std::string& order : Split(orders != nullptr ? orders : "", ';')) Add(order);
  }
  void Add(const std::string& text) {
    const std::vector<std::string> parts = Split(text, ':');
    if (parts.size() != 4 || !counts_.contains(parts[0])) Refuse(text);
    const unsigned long long nth = Number(parts[1], text);
    const unsigned long long code = Number(parts[2], text);
    const Mode mode = parts[3] == "once"         ? Mode::kOnce
                      : parts[3] == "persistent" ? Mode::kPersistent
                      : parts[3] == "sticky"     ? Mode::kSticky
                                                 : Refuse(text);
    std::lock_guard lock(mutex_);
    orders_[parts[0]] = {nth - 1, static_cast<cudaError_t>(code), mode};
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    orders_.clear();
    stuck_ = cudaSuccess;
  }
  unsigned long long Count(const char* call) const {
    std::lock_guard lock(mutex_);
    const auto found = counts_.find(call);
    if (found == counts_.end()) Violation(call, "no call has this name");
    return found->second;
  }
  cudaError_t Next(const char* call) {
    std::lock_guard lock(mutex_);
    ++counts_.at(call);
    ++counts_.at("*");
    for (const char* name : {call, "*"}) {
      const auto found = orders_.find(name);
      if (found == orders_.end()) continue;
      Order& order = found->second;
      if (order.after > 0) {
        --order.after;
        continue;
      }
      const cudaError_t code = order.code;
      if (order.mode == Mode::kSticky) stuck_ = code;
      if (order.mode != Mode::kPersistent) orders_.erase(found);
      return code;
    }
    return stuck_;
  }

 private:
  [[noreturn]] static Mode Refuse(const std::string& text) {
    Violation("nodecudaDoubleFail", "not call:nth:code:once|persistent|sticky: " + text);
  }
  static unsigned long long Number(const std::string& digits, const std::string& text) {
    unsigned long long value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stopped != end || value == 0) Refuse(text);
    return value;
  }

  mutable std::mutex mutex_;
  std::map<std::string, unsigned long long, std::less<>> counts_;
  std::map<std::string, Order, std::less<>> orders_;
  cudaError_t stuck_ = cudaSuccess;
};

Failures& AllFailures() {
  static auto* failures = new Failures;
  return *failures;
}

thread_local cudaError_t last_error = cudaSuccess;
thread_local const char* call_now = "";
thread_local const char* failed_call = "";

// A program has but a code; why is told once, on stderr.
void TellFault() {
  static std::once_flag once;
  std::call_once(once, [] {
    const std::string report = Simulated().FaultReport(NeedDevice("a fault"));
    if (!report.empty()) std::fprintf(stderr, "cudart double: %s\n", report.c_str());
  });
}

}  // namespace

cudaError_t Begin(const char* call) {
  // Left behind, it would turn up in the checks of other code that uses CUDA in the process.
  if (last_error != cudaSuccess && !RunsPrograms())
    Violation(call, std::string("the last error, of ") + failed_call + ", was not cleared");
  call_now = call;
  return AllFailures().Next(call);
}

cudaError_t End(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady) {
    last_error = error;
    failed_call = call_now;
    if (RunsPrograms() && IsFatal(static_cast<Status>(error))) TellFault();
  }
  return error;
}

cudaError_t LastError() {
  return last_error;
}

}  // namespace nodecuda::cudart

using namespace nodecuda::cudart;

cudaError_t cudaGetLastError() {
  const cudaError_t kept = last_error;
  last_error = cudaSuccess;
  const cudaError_t ordered = AllFailures().Next("cudaGetLastError");
  if (ordered != cudaSuccess) return ordered;
  return kept != cudaSuccess ? kept : static_cast<cudaError_t>(Simulated().GetLastError());
}

void nodecudaDoubleFail(const char* order) {
  AllFailures().Add(order);
}
void nodecudaDoubleClear() {
  AllFailures().Clear();
}
unsigned long long nodecudaDoubleCount(const char* call) {
  return AllFailures().Count(call);
}
const char* nodecudaDoubleCalls() {
  return kCalls;
}
