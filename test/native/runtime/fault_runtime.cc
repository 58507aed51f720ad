// FaultRuntime: fails what it is told to, logs and counts the rest.
#include <atomic>
#include <functional>
#include <thread>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;
using Mode = FaultRuntime::Mode;

namespace {

std::unique_ptr<FaultRuntime> MakeNullFaults() {
  return MakeFaultRuntime(MakeNullRuntime());
}

}  // namespace

TEST_CASE("faults: once fails the nth call of that name and no other") {
  const auto runtime = MakeNullFaults();
  int value = 0;
  runtime->Fail("GetDeviceCount", 3, Status::kUnknown, Mode::kOnce);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kSuccess);
  CHECK_STATUS(runtime->RuntimeGetVersion(&value), kSuccess);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kSuccess);
  value = -1;
  CHECK_STATUS(runtime->GetDeviceCount(&value), kUnknown);
  CHECK(value == -1);  // the inner runtime was not reached
  CHECK_STATUS(runtime->GetDeviceCount(&value), kSuccess);
}

TEST_CASE("faults: persistent fails that call and later ones of its name") {
  const auto runtime = MakeNullFaults();
  int value = 0;
  runtime->Fail("*", 2, Status::kMemoryAllocation, Mode::kPersistent);
  CHECK_STATUS(runtime->DeviceSynchronize(), kSuccess);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kMemoryAllocation);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kMemoryAllocation);
  CHECK_STATUS(runtime->DeviceSynchronize(), kSuccess);
  runtime->ClearFaults();
  CHECK_STATUS(runtime->GetDeviceCount(&value), kSuccess);
}

TEST_CASE("faults: sticky fails everything from then on, a new order replaces it") {
  const auto runtime = MakeNullFaults();
  int value = 0;
  runtime->Fail("DeviceSynchronize", 1, Status::kIllegalAddress, Mode::kSticky);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kSuccess);
  CHECK_STATUS(runtime->DeviceSynchronize(), kIllegalAddress);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kIllegalAddress);
  CHECK_STATUS(runtime->GetLastError(), kIllegalAddress);
  CHECK_STATUS(runtime->FreeHost(nullptr), kIllegalAddress);
  runtime->Fail("GetLastError", 1, Status::kUnknown, Mode::kOnce);
  CHECK_STATUS(runtime->GetDeviceCount(&value), kSuccess);
  CHECK_STATUS(runtime->GetLastError(), kUnknown);
  CHECK_STATUS(runtime->GetLastError(), kSuccess);
}

TEST_CASE("faults: any status can be injected, unknown ones too") {
  const auto runtime = MakeNullFaults();
  runtime->Fail("DeviceSynchronize", 1, static_cast<Status>(12345), Mode::kOnce);
  CHECK(runtime->DeviceSynchronize() == static_cast<Status>(12345));
}

TEST_CASE("faults: every call is logged under its name, can be failed, and is forwarded") {
  const auto runtime = MakeNullFaults();
  Runtime& r = *runtime;
  int i = 0, j = 0;
  float f = 0;
  std::size_t m = 0, n = 0;
  DeviceProperties properties;
  MemPool pool = nullptr;
  Stream s = nullptr;
  Event e = nullptr;
  Library library = nullptr;
  Kernel kernel = nullptr;
  void *device = nullptr, *pinned = nullptr;
  std::string log;
  LaunchConfig config;
  const std::vector<std::pair<std::string, std::function<Status()>>> calls = {
      {"DriverGetVersion", [&] { return r.DriverGetVersion(&i); }},
      {"RuntimeGetVersion", [&] { return r.RuntimeGetVersion(&i); }},
      {"GetDeviceCount", [&] { return r.GetDeviceCount(&i); }},
      {"GetDeviceProperties", [&] { return r.GetDeviceProperties(&properties, 0); }},
      {"SetDevice", [&] { return r.SetDevice(0); }},
      {"DeviceSynchronize", [&] { return r.DeviceSynchronize(); }},
      {"DeviceGetStreamPriorityRange", [&] { return r.DeviceGetStreamPriorityRange(&i, &j); }},
      {"GetLastError", [&] { return r.GetLastError(); }},
      {"MemGetInfo", [&] { return r.MemGetInfo(&m, &n); }},
      {"MemPoolCreate", [&] { return r.MemPoolCreate(&pool, 0); }},
      {"StreamCreateWithPriority", [&] { return r.StreamCreateWithPriority(&s, 0, 0); }},
      {"MallocFromPoolAsync", [&] { return r.MallocFromPoolAsync(&device, 8, pool, s); }},
      {"HostAlloc", [&] { return r.HostAlloc(&pinned, 8, 0); }},
      {"MemcpyAsync",
       [&] { return r.MemcpyAsync(device, pinned, 8, MemcpyKind::kHostToDevice, s); }},
      {"MemsetAsync", [&] { return r.MemsetAsync(device, 0, 8, s); }},
      {"StreamQuery", [&] { return r.StreamQuery(s); }},
      {"StreamSynchronize", [&] { return r.StreamSynchronize(s); }},
      {"EventCreateWithFlags", [&] { return r.EventCreateWithFlags(&e, 0); }},
      {"EventRecord", [&] { return r.EventRecord(e, s); }},
      {"StreamWaitEvent", [&] { return r.StreamWaitEvent(s, e, 0); }},
      {"EventQuery", [&] { return r.EventQuery(e); }},
      {"EventSynchronize", [&] { return r.EventSynchronize(e); }},
      {"EventElapsedTime", [&] { return r.EventElapsedTime(&f, e, e); }},
      {"LibraryLoadData", [&] { return r.LibraryLoadData(&library, {}, &log); }},
      {"LibraryGetKernel", [&] { return r.LibraryGetKernel(&kernel, library, "k", &log); }},
      {"LaunchKernelExC",
       [&] {
         config.stream = s;
         return r.LaunchKernelExC(config, kernel, nullptr);
       }},
      {"LibraryUnload", [&] { return r.LibraryUnload(library); }},
      {"EventDestroy", [&] { return r.EventDestroy(e); }},
      {"FreeHost", [&] { return r.FreeHost(pinned); }},
      {"FreeAsync", [&] { return r.FreeAsync(device, s); }},
      {"StreamDestroy", [&] { return r.StreamDestroy(s); }},
      {"MemPoolTrimTo", [&] { return r.MemPoolTrimTo(pool, 0); }},
      {"MemPoolDestroy", [&] { return r.MemPoolDestroy(pool); }},
  };
  for (const auto& [name, call] : calls) {
    CAPTURE(name);
    runtime->ClearLog();
    runtime->Fail(name, 1, Status::kNotSupported, Mode::kOnce);
    CHECK_STATUS(call(), kNotSupported);
    CHECK_STATUS(call(), kSuccess);
    CHECK(runtime->Log() == std::vector<std::string>{name, name});
  }
  CHECK(properties.name == "nodecuda null device");
  const FaultRuntime::Live live = runtime->live();
  CHECK(live.streams == 0);
  CHECK(live.events == 0);
  CHECK(live.allocations == 0);
  CHECK(live.pinned == 0);
  CHECK(live.libraries == 0);
  CHECK(live.pools == 0);
}

TEST_CASE("faults: live counts what was really made") {
  const auto runtime = MakeNullFaults();
  Stream stream = nullptr;
  Event event = nullptr;
  runtime->Fail("EventCreateWithFlags", 2, Status::kMemoryAllocation, Mode::kOnce);
  MUST(runtime->StreamCreateWithPriority(&stream, 0, 0));
  MUST(runtime->EventCreateWithFlags(&event, 0));
  CHECK(runtime->EventCreateWithFlags(&event, 0) == Status::kMemoryAllocation);
  CHECK(runtime->live().streams == 1);
  CHECK(runtime->live().events == 1);
  runtime->Fail("StreamDestroy", 1, Status::kUnknown, Mode::kOnce);
  CHECK(runtime->StreamDestroy(stream) == Status::kUnknown);
  CHECK(runtime->live().streams == 1);
  MUST(runtime->StreamDestroy(stream));
  CHECK(runtime->live().streams == 0);
}

TEST_CASE("faults: threads may call and give orders at once, one call fails") {
  const auto runtime = MakeNullFaults();
  runtime->Fail("*", 1000, Status::kUnknown, Mode::kOnce);
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) failed += runtime->DeviceSynchronize() != Status::kSuccess;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 1);
  CHECK(runtime->Log().size() == 2000);
}

TEST_CASE("faults: around the simulated runtime, each call of a small program can fail") {
  // The program frees what it made, whatever fails: so nothing stays alive.
  const auto program = [](Runtime& runtime) {
    Stream stream = nullptr;
    MemPool pool = nullptr;
    void* memory = nullptr;
    bool ok = runtime.StreamCreateWithPriority(&stream, 0, 0) == Status::kSuccess;
    ok = ok && runtime.MemPoolCreate(&pool, 0) == Status::kSuccess;
    ok = ok && runtime.MallocFromPoolAsync(&memory, 100, pool, stream) == Status::kSuccess;
    ok = ok && runtime.MemsetAsync(memory, 1, 100, stream) == Status::kSuccess;
    ok = ok && runtime.StreamSynchronize(stream) == Status::kSuccess;
    const auto until_done = [&](auto call) {
      const bool first = call() == Status::kSuccess;
      return first || (call(), false);
    };
    if (memory) ok = until_done([&] { return runtime.FreeAsync(memory, stream); }) && ok;
    if (pool) ok = until_done([&] { return runtime.MemPoolDestroy(pool); }) && ok;
    if (stream) ok = until_done([&] { return runtime.StreamDestroy(stream); }) && ok;
    return ok;
  };
  const std::shared_ptr<Runtime> inner = simulator::MakeSimulatedRuntime({.memory_bytes = kMiB});
  MUST(inner->SetDevice(0));
  const auto runtime = MakeFaultRuntime(inner);
  std::uint64_t nth = 0;
  for (bool ok = false; !ok && nth < 20;) {
    runtime->Fail("*", ++nth, Status::kUnknown, Mode::kOnce);
    ok = program(*runtime);
    const FaultRuntime::Live live = runtime->live();
    CHECK(live.streams + live.pools + live.allocations == 0);
  }
  CHECK(nth == 9);  // eight calls, each failed once
}
