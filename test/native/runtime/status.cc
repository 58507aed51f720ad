// Status names, fatal codes, the table of simulated devices, the null runtime.
#include <algorithm>
#include <cstring>
#include <set>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

TEST_CASE("status: names are CUDA's") {
  const auto name = [](int value) { return std::string(StatusName(static_cast<Status>(value))); };
  CHECK(name(0) == "cudaSuccess");
  CHECK(name(2) == "cudaErrorMemoryAllocation");
  CHECK(name(226) == "cudaErrorContained");
  CHECK(name(700) == "cudaErrorIllegalAddress");
  CHECK(name(721) == "cudaErrorTensorMemoryLeak");
  CHECK(name(999) == "cudaErrorUnknown");
  CHECK(name(10000) == "cudaErrorApiFailureBase");
  for (const int unknown : {-1, 10, 202, 916, 998, 10001, 12345, INT32_MIN, INT32_MAX}) {
    CHECK(name(unknown) == "cudaErrorUnrecognized");
  }
  int known = 0;
  std::set<std::string> names;
  for (int value = 0; value <= 10000; ++value) {
    if (name(value) == "cudaErrorUnrecognized") continue;
    ++known;
    names.insert(name(value));
  }
  CHECK(known == 134);  // driver_types.h of CUDA 13.0
  CHECK(names.size() == 134);
}

TEST_CASE("status: the fatal codes are exactly those of the guide") {
  const std::set<int> fatal = {226, 700, 702, 710, 714, 715, 716, 717, 718, 719,
                               721, 810, 911, 214, 220, 709, 4,   999, 806, 201};
  for (int value = -1; value <= 10001; ++value) {
    CAPTURE(value);
    CHECK(IsFatal(static_cast<Status>(value)) == fatal.contains(value));
  }
}

TEST_CASE("simulated devices have the limits of the real ones") {
  const auto capabilities = simulator::SupportedCapabilities();
  CHECK(std::ranges::is_sorted(capabilities));
  std::set<std::string> uuids;
  for (const int capability : capabilities) {
    CAPTURE(capability);
    Fixture fixture({.device_count = 2,
                     .memory_bytes = 3 * kMiB,
                     .major = capability / 10,
                     .minor = capability % 10});
    for (int device = 0; device < 2; ++device) {
      DeviceProperties p;
      MUST(fixture.runtime->GetDeviceProperties(&p, device));
      CHECK(p.name == "nodecuda simulated device (sm_" + std::to_string(capability) + ")");
      CHECK(p.major * 10 + p.minor == capability);
      CHECK(p.total_memory == 3 * kMiB);
      CHECK(p.simulated);
      CHECK(p.memory_pools_supported);
      CHECK(p.multiprocessor_count == 4);
      CHECK(p.warp_size == 32);
      CHECK(p.max_threads_per_block == 1024);
      CHECK(p.max_threads_per_multiprocessor >= p.max_threads_per_block);
      CHECK(p.shared_memory_per_block == 48 * 1024);
      CHECK(p.shared_memory_per_block_optin > p.shared_memory_per_block);
      CHECK(p.shared_memory_per_multiprocessor >= p.shared_memory_per_block_optin);
      CHECK(p.l2_cache_bytes > 0);
      const std::string uuid(reinterpret_cast<const char*>(p.uuid), sizeof p.uuid);
      CHECK(uuid.starts_with("nodecuda-sim"));
      uuids.insert(uuid);
    }
  }
  CHECK(uuids.size() == 2 * capabilities.size());

  Fixture hopper({.memory_bytes = kMiB});
  DeviceProperties p;
  MUST(hopper.runtime->GetDeviceProperties(&p, 0));
  CHECK(p.shared_memory_per_block_optin == 232448);
  CHECK(p.shared_memory_per_multiprocessor == 233472);
  int version = 0;
  MUST(hopper.runtime->DriverGetVersion(&version));
  CHECK(version == 13000);
  MUST(hopper.runtime->RuntimeGetVersion(&version));
  CHECK(version == 13000);
}

TEST_CASE("simulated devices: memory by default is bounded by the host's") {
  Fixture fixture(simulator::SimulatedOptions{});
  std::size_t free = 0, total = 0;
  MUST(fixture.runtime->MemGetInfo(&free, &total));
  CHECK(total > 64 * kMiB);
  CHECK(total <= std::size_t{8} << 30);
}

TEST_CASE("null runtime: everything succeeds, handles differ, a null stream is refused") {
  const std::unique_ptr<Runtime> runtime = MakeNullRuntime();
  int count = 0;
  MUST(runtime->GetDeviceCount(&count));
  CHECK(count == 1);
  CHECK_STATUS(runtime->SetDevice(1), kInvalidDevice);
  Stream first = nullptr, second = nullptr;
  MUST(runtime->StreamCreateWithPriority(&first, 0, 0));
  MUST(runtime->StreamCreateWithPriority(&second, 0, 0));
  CHECK(first != nullptr);
  CHECK(first != second);
  MemPool pool = nullptr;
  MUST(runtime->MemPoolCreate(&pool, 0));
  void *a = nullptr, *b = nullptr;
  MUST(runtime->MallocFromPoolAsync(&a, 1000, pool, first));
  MUST(runtime->MallocFromPoolAsync(&b, 1000, pool, first));
  CHECK(a != nullptr);
  CHECK(static_cast<char*>(b) - static_cast<char*>(a) >= 1000);
  void* pinned = nullptr;
  MUST(runtime->HostAlloc(&pinned, 5000, 0));
  std::memset(pinned, 1, 5000);
  MUST(runtime->MemcpyAsync(a, pinned, 1000, MemcpyKind::kHostToDevice, first));
  MUST(runtime->FreeHost(pinned));
  CHECK_STATUS(runtime->StreamQuery(nullptr), kInvalidResourceHandle);
  CHECK_STATUS(runtime->MemsetAsync(a, 0, 1, nullptr), kInvalidResourceHandle);
  CHECK_STATUS(runtime->LaunchKernelExC({}, nullptr, nullptr), kInvalidResourceHandle);
}
