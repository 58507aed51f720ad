// SimulatedRuntime: wrong handles and pointers give an error, whatever the order of calls.
#include <list>
#include <random>
#include <set>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

TEST_CASE("handles: null, stale, foreign and invented ones are refused") {
  Fixture fixture, stranger;
  Runtime& runtime = *fixture.runtime;
  Stream good = fixture.NewStream();
  Stream stale = fixture.NewStream();
  Event good_event = fixture.NewEvent();
  Event stale_event = fixture.NewEvent();
  MUST(runtime.StreamDestroy(stale));
  MUST(runtime.EventDestroy(stale_event));
  std::byte* memory = fixture.NewMemory(16, good);
  void* pointer = nullptr;
  float ms = 0;
  char host[16] = {};

  for (Stream bad : {Stream{nullptr}, stale, stranger.NewStream(),
                     reinterpret_cast<Stream>(good_event), reinterpret_cast<Stream>(&runtime),
                     reinterpret_cast<Stream>(1), reinterpret_cast<Stream>(-1)}) {
    CAPTURE(bad);
    CHECK_STATUS(runtime.StreamDestroy(bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.StreamQuery(bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.StreamSynchronize(bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.StreamWaitEvent(bad, good_event, 0), kInvalidResourceHandle);
    CHECK_STATUS(runtime.EventRecord(good_event, bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.MallocFromPoolAsync(&pointer, 1, fixture.pool, bad),
                 kInvalidResourceHandle);
    CHECK_STATUS(runtime.FreeAsync(memory, bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.MemsetAsync(memory, 0, 16, bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.MemcpyAsync(memory, host, 16, MemcpyKind::kHostToDevice, bad),
                 kInvalidResourceHandle);
    LaunchConfig config;
    config.stream = bad;
    CHECK_STATUS(runtime.LaunchKernelExC(config, nullptr, nullptr), kInvalidResourceHandle);
  }
  for (Event bad : {Event{nullptr}, stale_event, stranger.NewEvent(), reinterpret_cast<Event>(good),
                    reinterpret_cast<Event>(1)}) {
    CAPTURE(bad);
    CHECK_STATUS(runtime.EventDestroy(bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.EventQuery(bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.EventSynchronize(bad), kInvalidResourceHandle);
    CHECK_STATUS(runtime.EventRecord(bad, good), kInvalidResourceHandle);
    CHECK_STATUS(runtime.StreamWaitEvent(good, bad, 0), kInvalidResourceHandle);
    CHECK_STATUS(runtime.EventElapsedTime(&ms, bad, good_event), kInvalidResourceHandle);
    CHECK_STATUS(runtime.EventElapsedTime(&ms, good_event, bad), kInvalidResourceHandle);
  }
  for (MemPool bad : {MemPool{nullptr}, stranger.pool, reinterpret_cast<MemPool>(good)}) {
    CAPTURE(bad);
    CHECK_STATUS(runtime.MallocFromPoolAsync(&pointer, 1, bad, good), kInvalidResourceHandle);
    CHECK_STATUS(runtime.MemPoolTrimTo(bad, 0), kInvalidResourceHandle);
    CHECK_STATUS(runtime.MemPoolDestroy(bad), kInvalidResourceHandle);
  }
  MUST(runtime.MemPoolDestroy(fixture.pool));
  CHECK_STATUS(runtime.MemPoolDestroy(fixture.pool), kInvalidResourceHandle);
  Kernel kernel = nullptr;
  std::string log;
  CHECK_STATUS(runtime.LibraryGetKernel(&kernel, nullptr, "x", &log), kInvalidResourceHandle);
  CHECK_STATUS(runtime.LibraryUnload(reinterpret_cast<Library>(good)), kInvalidResourceHandle);
  LaunchConfig config;
  config.stream = good;
  CHECK_STATUS(runtime.LaunchKernelExC(config, reinterpret_cast<Kernel>(good), nullptr),
               kInvalidResourceHandle);
  CHECK_STATUS(runtime.FreeHost(host), kInvalidValue);
  CHECK_STATUS(runtime.FreeHost(nullptr), kSuccess);
  Stream stream = nullptr;
  CHECK_STATUS(runtime.StreamCreateWithPriority(&stream, 2, 0), kInvalidValue);
  CHECK_STATUS(runtime.StreamSynchronize(good), kSuccess);  // nothing of it did harm
}

TEST_CASE("devices: numbers that do not exist are refused") {
  Fixture fixture;
  DeviceProperties properties;
  MemPool pool = nullptr;
  for (const int bad : {-1, 1, 1 << 30}) {
    CHECK_STATUS(fixture.runtime->SetDevice(bad), kInvalidDevice);
    CHECK_STATUS(fixture.runtime->GetDeviceProperties(&properties, bad), kInvalidDevice);
    CHECK_STATUS(fixture.runtime->MemPoolCreate(&pool, bad), kInvalidDevice);
    CHECK(fixture.runtime->FaultReport(bad).empty());
  }
  // The current device of this thread may be one that another runtime does not have.
  Fixture two({.device_count = 2, .memory_bytes = kMiB});
  MUST(two.runtime->SetDevice(1));
  Stream stream = nullptr;
  std::size_t free = 0, total = 0;
  CHECK_STATUS(fixture.runtime->StreamCreateWithPriority(&stream, 0, 0), kInvalidDevice);
  CHECK_STATUS(fixture.runtime->DeviceSynchronize(), kInvalidDevice);
  CHECK_STATUS(fixture.runtime->MemGetInfo(&free, &total), kInvalidDevice);
  MUST(fixture.runtime->SetDevice(0));
}

// Random programs use one device's memory on another without ordering, which is the program's own
// data race: nothing to report to ThreadSanitizer's users.
#ifdef __SANITIZE_THREAD__
constexpr int kFuzzDevices = 1;
#else
constexpr int kFuzzDevices = 2;
#endif

// Random calls with good, stale, mixed-up and invented arguments. Nothing may crash or hang, every
// status must be one the calls can give, and a faulted device must stay faulted.
TEST_CASE("handles: random calls never crash") {
  const std::set<Status> expected = {
      Status::kSuccess,        Status::kInvalidValue,           Status::kMemoryAllocation,
      Status::kInvalidDevice,  Status::kInvalidResourceHandle,  Status::kNotReady,
      Status::kIllegalAddress, Status::kInvalidMemcpyDirection, Status::kNoKernelImageForDevice,
  };
  const std::vector<unsigned char> source(4096);
  std::list<std::vector<unsigned char>> sinks;  // outlive every runtime: late copies write here
  int faulted = 0, succeeded = 0;
  for (unsigned seed = 0; seed < 25; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Fixture fixture({.device_count = kFuzzDevices, .memory_bytes = kMiB});
    Runtime& runtime = *fixture.runtime;
    std::vector<void*> things = {nullptr, fixture.pool, &runtime, reinterpret_cast<void*>(-1)};
    std::vector<void*> streams, events, pools = {fixture.pool}, pointers;
    // Mostly of the right kind, though often stale.
    const auto pick = [&](const std::vector<void*>& kind) {
      const auto& from = kind.empty() || random() % 8 == 0 ? things : kind;
      return from[random() % from.size()];
    };
    const auto keep = [&](std::vector<void*>& kind, void* made) {
      if (made == nullptr) return;
      kind.push_back(made);
      things.push_back(made);
    };
    const auto stream = [&] { return static_cast<Stream>(pick(streams)); };
    const auto event = [&] { return static_cast<Event>(pick(events)); };
    const auto pool = [&] { return static_cast<MemPool>(pick(pools)); };
    const auto bytes = [&]() -> std::size_t {
      return random() % 50 == 0 ? SIZE_MAX - random() % 300 : random() % 4097;
    };
    Stream big_stream = fixture.NewStream();
    const std::size_t big_bytes = kMiB / 2;
    std::byte* big = fixture.NewMemory(big_bytes, big_stream);
    keep(streams, big_stream);
    bool latched[kFuzzDevices] = {};
    for (int step = 0; step < 1500; ++step) {
      Status status = Status::kSuccess;
      float ms = 0;
      std::size_t free = 0, total = 0;
      Stream new_stream = nullptr;
      Event new_event = nullptr;
      MemPool new_pool = nullptr;
      void* pointer = nullptr;
      auto* address = static_cast<std::byte*>(pick(pointers));
      if (random() % 4 == 0) {
        address = reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(address) +
                                               random() % 600);
      }
      const std::size_t some = bytes(), safe = random() % (source.size() + 1);
      switch (random() % 23) {
        case 0:
          status = runtime.SetDevice(static_cast<int>(random() % 4) - 1);
          break;
        case 1:
          status = runtime.StreamCreateWithPriority(&new_stream, random() % 3, 0);
          break;
        case 2:
          status = runtime.EventCreateWithFlags(&new_event, random() % 4);
          break;
        case 3:
          status = runtime.MemPoolCreate(&new_pool, static_cast<int>(random() % 3));
          break;
        case 4:
        case 5:
        case 6:
          status = runtime.MallocFromPoolAsync(&pointer, some * (random() % 20), pool(), stream());
          break;
        case 7:
          status = runtime.FreeAsync(address, stream());
          break;
        case 8:
          status = runtime.MemsetAsync(address, 7, some, stream());
          break;
        case 9:
        case 10:
          status = runtime.MemcpyAsync(address, source.data(), safe, MemcpyKind::kHostToDevice,
                                       stream());
          break;
        case 11:
          status = runtime.MemcpyAsync(sinks.emplace_back(safe + 1).data(), address, safe,
                                       MemcpyKind::kDeviceToHost, stream());
          break;
        case 12:
          status = runtime.MemcpyAsync(address, pick(pointers), some, MemcpyKind::kDeviceToDevice,
                                       stream());
          break;
        case 13:
          status = runtime.StreamQuery(stream());
          break;
        case 14:
          status = runtime.StreamSynchronize(stream());
          break;
        case 15:
          status = runtime.EventRecord(event(), stream());
          break;
        case 16:
          status = runtime.StreamWaitEvent(stream(), event(), random() % 8 == 0);
          break;
        case 17:
          status = runtime.EventSynchronize(event());
          break;
        case 18:
          status = runtime.EventElapsedTime(&ms, event(), event());
          break;
        case 19:
          status =
              random() % 4 == 0 ? runtime.StreamDestroy(stream()) : runtime.EventDestroy(event());
          break;
        case 20:
          status = runtime.MemGetInfo(&free, &total);
          break;
        case 21:
          status = runtime.MemPoolTrimTo(pool(), some);
          break;
        case 22:  // work that is still queued when the next calls come, so that some free under it
          for (int i = 0; i < 50; ++i) {
            status = runtime.MemsetAsync(big, i, big_bytes, big_stream);
          }
          break;
      }
      CAPTURE(step);
      CHECK_MESSAGE(expected.contains(status), StatusName(status));
      succeeded += status == Status::kSuccess;
      keep(streams, new_stream);
      keep(events, new_event);
      keep(pools, new_pool);
      keep(pointers, pointer);
      for (int device = 0; device < kFuzzDevices; ++device) {
        const bool now = !runtime.FaultReport(device).empty();
        CHECK((now || !latched[device]));
        latched[device] = now;
      }
    }
    for (int device = 0; device < kFuzzDevices; ++device) {
      MUST(runtime.SetDevice(device));
      const Status last = runtime.DeviceSynchronize();
      const Status want =
          runtime.FaultReport(device).empty() ? Status::kSuccess : Status::kIllegalAddress;
      CHECK(last == want);
      CHECK(runtime.GetLastError() == want);
      faulted += last != Status::kSuccess;
    }
    MUST(runtime.SetDevice(0));
  }
  CHECK(succeeded > 1000);  // the calls were not all refused at the door
  CHECK(faulted > 0);
}
