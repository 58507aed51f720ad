#ifndef NODECUDA_TEST_NATIVE_RUNTIME_FIXTURE_H_
#define NODECUDA_TEST_NATIVE_RUNTIME_FIXTURE_H_

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/runtimes.h"
#include "simulator/simulated_runtime.h"

namespace nodecuda::test {

constexpr std::size_t kMiB = 1 << 20;

// REQUIREs success of a Runtime call, and says which status came instead.
#define MUST(call) REQUIRE(std::string_view(StatusName(call)) == "cudaSuccess")
#define CHECK_STATUS(call, expected) \
  CHECK(std::string_view(StatusName(call)) == StatusName(Status::expected))

// A simulated runtime with a pool on device 0.
struct Fixture {
  explicit Fixture(simulator::SimulatedOptions options = {.memory_bytes = 64 * kMiB})
      : runtime(simulator::MakeSimulatedRuntime(options)) {
    MUST(runtime->SetDevice(0));
    MUST(runtime->MemPoolCreate(&pool, 0));
  }

  Stream NewStream(int priority = 0) {
    Stream stream = nullptr;
    MUST(runtime->StreamCreateWithPriority(&stream, kStreamNonBlocking, priority));
    return stream;
  }
  Event NewEvent(unsigned flags = kEventDefault) {
    Event event = nullptr;
    MUST(runtime->EventCreateWithFlags(&event, flags));
    return event;
  }
  std::byte* NewMemory(std::size_t bytes, Stream stream) {
    void* pointer = nullptr;
    MUST(runtime->MallocFromPoolAsync(&pointer, bytes, pool, stream));
    return static_cast<std::byte*>(pointer);
  }
  std::vector<unsigned char> Read(const void* pointer, std::size_t bytes, Stream stream) {
    std::vector<unsigned char> host(bytes);
    MUST(runtime->MemcpyAsync(host.data(), pointer, bytes, MemcpyKind::kDeviceToHost, stream));
    MUST(runtime->StreamSynchronize(stream));
    return host;
  }
  Library Load(std::string_view ptx) {
    const PtxImage image{75, ptx};
    Library library = nullptr;
    std::string log;
    const Status status = runtime->LibraryLoadData(&library, {{}, {&image, 1}}, &log);
    INFO(log);
    MUST(status);
    return library;
  }
  Kernel Find(Library library, const char* name) {
    Kernel kernel = nullptr;
    std::string log;
    MUST(runtime->LibraryGetKernel(&kernel, library, name, &log));
    return kernel;
  }

  std::unique_ptr<Runtime> runtime;
  MemPool pool = nullptr;
};

}  // namespace nodecuda::test

#endif  // NODECUDA_TEST_NATIVE_RUNTIME_FIXTURE_H_
