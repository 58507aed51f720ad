// SimulatedRuntime: order within and between streams, asynchrony, lifetimes, memory.
#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

namespace {

constexpr std::size_t kBig = 32 * kMiB;

// Queues enough work that it is surely not done when the calls have returned.
void KeepBusy(Fixture& fixture, std::byte* big, Stream stream, int times = 20) {
  for (int i = 0; i < times; ++i) MUST(fixture.runtime->MemsetAsync(big, i, kBig, stream));
}

}  // namespace

TEST_CASE("streams: work is asynchronous and in order") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, stream);
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kSuccess);
  KeepBusy(fixture, big, stream);
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kNotReady);
  MUST(fixture.runtime->StreamSynchronize(stream));
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kSuccess);
  const auto bytes = fixture.Read(big, kBig, stream);
  CHECK(std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c == 19; }));
}

TEST_CASE("streams: who waits for one does not wait for others, more urgent ones either") {
  Fixture fixture;
  Stream urgent = fixture.NewStream(-5), stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, urgent);
  std::byte* small = fixture.NewMemory(64, stream);
  Event gate = fixture.NewEvent();
  MUST(fixture.runtime->MemsetAsync(small, 1, 64, stream));
  MUST(fixture.runtime->EventRecord(gate, stream));
  MUST(fixture.runtime->StreamWaitEvent(urgent, gate, 0));
  KeepBusy(fixture, big, urgent, 100);
  MUST(fixture.runtime->StreamSynchronize(stream));
  CHECK_STATUS(fixture.runtime->StreamQuery(urgent), kNotReady);
  MUST(fixture.runtime->StreamSynchronize(urgent));
}

TEST_CASE("streams: ordinary host memory is read at the call, pinned memory when the copy runs") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, stream);
  std::byte* device = fixture.NewMemory(64, stream);
  std::vector<unsigned char> pageable(64, 1);
  void* pinned = nullptr;
  MUST(fixture.runtime->HostAlloc(&pinned, 64, kHostAllocDefault));

  KeepBusy(fixture, big, stream);
  MUST(
      fixture.runtime->MemcpyAsync(device, pageable.data(), 64, MemcpyKind::kHostToDevice, stream));
  std::fill(pageable.begin(), pageable.end(), 2);
  CHECK(fixture.Read(device, 64, stream) == std::vector<unsigned char>(64, 1));

  std::memset(pinned, 3, 64);
  Event gate = fixture.NewEvent();
  Stream other = fixture.NewStream();
  KeepBusy(fixture, big, other);
  MUST(fixture.runtime->EventRecord(gate, other));
  MUST(fixture.runtime->StreamWaitEvent(stream, gate, 0));
  MUST(fixture.runtime->MemcpyAsync(device, pinned, 64, MemcpyKind::kHostToDevice, stream));
  std::memset(pinned, 4, 64);
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kNotReady);  // the change was in time
  CHECK(fixture.Read(device, 64, stream) == std::vector<unsigned char>(64, 4));
  MUST(fixture.runtime->FreeHost(pinned));
}

TEST_CASE("streams: pinned memory may be freed while a copy from it is queued") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, stream);
  std::byte* device = fixture.NewMemory(64, stream);
  void* pinned = nullptr;
  MUST(fixture.runtime->HostAlloc(&pinned, 64, kHostAllocDefault));
  std::memset(pinned, 9, 64);
  KeepBusy(fixture, big, stream, 5);
  MUST(fixture.runtime->MemcpyAsync(device, pinned, 64, MemcpyKind::kHostToDevice, stream));
  MUST(fixture.runtime->FreeHost(pinned));
  CHECK_STATUS(fixture.runtime->FreeHost(pinned), kInvalidValue);
  CHECK(fixture.Read(device, 64, stream) == std::vector<unsigned char>(64, 9));
}

TEST_CASE("streams: eight of them with events agree with running the program in order") {
  constexpr int kStreams = 8, kBuffers = 12, kSteps = 3000;
  constexpr std::size_t kBytes = 512;
  struct Use {
    int stream;
    Event event;
  };
  struct Buffer {
    std::byte* device;
    std::vector<unsigned char> model;
    std::vector<Use> writes, reads;  // the last write, and the reads since
  };
  Fixture fixture;
  std::mt19937 random(2024);
  std::vector<Stream> streams;
  for (int i = 0; i < kStreams; ++i) streams.push_back(fixture.NewStream());
  std::vector<Buffer> buffers(kBuffers);
  for (Buffer& buffer : buffers) {
    buffer.device = fixture.NewMemory(kBytes, streams[0]);
    buffer.model.assign(kBytes, 0xA5);
  }
  std::vector<Event> events;
  for (int i = 0; i < kSteps; ++i) events.push_back(fixture.NewEvent(kEventDisableTiming));

  // Hold all of them back until everything is queued: then only the events order it.
  Stream gate_stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, gate_stream);
  KeepBusy(fixture, big, gate_stream, 10);
  Event gate = fixture.NewEvent();
  MUST(fixture.runtime->EventRecord(gate, gate_stream));
  for (Stream stream : streams) MUST(fixture.runtime->StreamWaitEvent(stream, gate, 0));

  for (int step = 0; step < kSteps; ++step) {
    const int s = static_cast<int>(random() % kStreams);
    Buffer& to = buffers[random() % kBuffers];
    Buffer& from = buffers[random() % kBuffers];
    const auto wait_for = [&](const std::vector<Use>& uses) {
      for (const Use& use : uses) {
        if (use.stream != s) MUST(fixture.runtime->StreamWaitEvent(streams[s], use.event, 0));
      }
    };
    wait_for(to.writes);
    wait_for(to.reads);
    const std::size_t begin = random() % kBytes, bytes = random() % (kBytes - begin + 1);
    const int value = static_cast<int>(random() % 256);
    const int kind = &to == &from ? 0 : static_cast<int>(random() % 3);
    if (kind == 0) {
      MUST(fixture.runtime->MemsetAsync(to.device + begin, value, bytes, streams[s]));
      std::fill_n(to.model.begin() + begin, bytes, static_cast<unsigned char>(value));
    } else if (kind == 1) {
      const std::vector<unsigned char> source(bytes, static_cast<unsigned char>(value));
      MUST(fixture.runtime->MemcpyAsync(to.device + begin, source.data(), bytes,
                                        MemcpyKind::kHostToDevice, streams[s]));
      std::copy(source.begin(), source.end(), to.model.begin() + begin);
    } else {
      wait_for(from.writes);
      MUST(fixture.runtime->MemcpyAsync(to.device + begin, from.device + begin, bytes,
                                        MemcpyKind::kDeviceToDevice, streams[s]));
      std::copy_n(from.model.begin() + begin, bytes, to.model.begin() + begin);
      from.reads.push_back({s, events[step]});
    }
    MUST(fixture.runtime->EventRecord(events[step], streams[s]));
    to.writes = {{s, events[step]}};
    to.reads.clear();
  }
  MUST(fixture.runtime->DeviceSynchronize());
  for (const Buffer& buffer : buffers) {
    CHECK(fixture.Read(buffer.device, kBytes, streams[0]) == buffer.model);
  }
}

TEST_CASE("streams: independent streams take turns, higher priority first") {
  Fixture fixture;
  Stream gate_stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, gate_stream);
  std::byte* device = fixture.NewMemory(1, gate_stream);
  int least = 0, greatest = 0;
  MUST(fixture.runtime->DeviceGetStreamPriorityRange(&least, &greatest));
  CHECK(greatest < least);
  Stream high = nullptr;
  MUST(fixture.runtime->StreamCreateWithPriority(&high, 0, greatest - 10));  // clamped
  Stream low = fixture.NewStream();
  KeepBusy(fixture, big, gate_stream, 5);
  Event gate = fixture.NewEvent();
  MUST(fixture.runtime->EventRecord(gate, gate_stream));
  MUST(fixture.runtime->StreamWaitEvent(low, gate, 0));
  MUST(fixture.runtime->StreamWaitEvent(high, gate, 0));
  MUST(fixture.runtime->MemsetAsync(device, 1, 1, low));
  MUST(fixture.runtime->MemsetAsync(device, 2, 1, high));
  MUST(fixture.runtime->DeviceSynchronize());
  CHECK(fixture.Read(device, 1, low)[0] == 1);  // the low one came last
}

TEST_CASE("streams: destroying one with work queued is immediate and the work completes") {
  Fixture fixture;
  Stream stream = fixture.NewStream(), other = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, stream);
  std::byte* device = fixture.NewMemory(16, stream);
  Event event = fixture.NewEvent();
  KeepBusy(fixture, big, stream);
  MUST(fixture.runtime->MemsetAsync(device, 42, 16, stream));
  MUST(fixture.runtime->EventRecord(event, stream));
  MUST(fixture.runtime->StreamWaitEvent(other, event, 0));
  MUST(fixture.runtime->StreamDestroy(stream));
  CHECK_STATUS(fixture.runtime->EventQuery(event), kNotReady);
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kInvalidResourceHandle);
  CHECK_STATUS(fixture.runtime->MemsetAsync(device, 0, 16, stream), kInvalidResourceHandle);
  MUST(fixture.runtime->EventDestroy(event));  // and so is an event that others wait for
  CHECK(fixture.Read(device, 16, other) == std::vector<unsigned char>(16, 42));
}

TEST_CASE("streams: a runtime may be destroyed while its devices are busy") {
  for (int round = 0; round < 5; ++round) {
    Fixture fixture({.device_count = 2, .memory_bytes = 64 * kMiB});
    Stream stream = fixture.NewStream();
    std::byte* big = fixture.NewMemory(kBig, stream);
    KeepBusy(fixture, big, stream);
    Event event = fixture.NewEvent();
    MUST(fixture.runtime->EventRecord(event, stream));
    MUST(fixture.runtime->SetDevice(1));
    Stream other = fixture.NewStream();
    MUST(fixture.runtime->StreamWaitEvent(other, event, 0));
    MUST(fixture.runtime->FreeAsync(big, stream));
    MUST(fixture.runtime->SetDevice(0));
  }
}

TEST_CASE("memory: exhaustion is an error, and the next smaller request works") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::size_t free = 0, total = 0;
  MUST(fixture.runtime->MemGetInfo(&free, &total));
  CHECK(total == 64 * kMiB);
  CHECK(free == total);
  void* pointer = nullptr;
  const auto start = std::chrono::steady_clock::now();
  CHECK_STATUS(
      fixture.runtime->MallocFromPoolAsync(&pointer, std::size_t{1} << 50, fixture.pool, stream),
      kMemoryAllocation);
  CHECK_STATUS(fixture.runtime->MallocFromPoolAsync(&pointer, SIZE_MAX, fixture.pool, stream),
               kMemoryAllocation);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(100));
  CHECK(pointer == nullptr);
  CHECK_STATUS(fixture.runtime->MallocFromPoolAsync(&pointer, 0, fixture.pool, stream),
               kInvalidValue);
  std::byte* most = fixture.NewMemory(40 * kMiB, stream);
  MUST(fixture.runtime->MemGetInfo(&free, &total));
  CHECK(free == 24 * kMiB);
  CHECK_STATUS(fixture.runtime->MallocFromPoolAsync(&pointer, 40 * kMiB, fixture.pool, stream),
               kMemoryAllocation);
  fixture.NewMemory(20 * kMiB, stream);
  MUST(fixture.runtime->FreeAsync(most, stream));
  MUST(fixture.runtime->StreamSynchronize(stream));
  MUST(fixture.runtime->MemPoolTrimTo(fixture.pool, 0));
  MUST(fixture.runtime->MemGetInfo(&free, &total));
  CHECK(free == 44 * kMiB);
}

TEST_CASE("memory: what is about to be freed is given at once, for use after that") {
  Fixture fixture;
  Stream stream = fixture.NewStream(), other = fixture.NewStream();
  std::byte* first = fixture.NewMemory(40 * kMiB, stream);
  KeepBusy(fixture, first, stream, 20);
  MUST(fixture.runtime->FreeAsync(first, stream));
  std::byte* second = fixture.NewMemory(40 * kMiB, stream);
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kNotReady);
  MUST(fixture.runtime->FreeAsync(second, stream));
  // What another stream frees is waited for, by the stream alone. Here it is more than is needed.
  std::byte* third = fixture.NewMemory(36 * kMiB, other);
  MUST(fixture.runtime->MemsetAsync(third, 1, kMiB, other));
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kNotReady);
  MUST(fixture.runtime->StreamSynchronize(other));
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kSuccess);
  // Nothing is given twice, and nothing that nobody frees.
  void* pointer = nullptr;
  CHECK_STATUS(fixture.runtime->MallocFromPoolAsync(&pointer, 40 * kMiB, fixture.pool, stream),
               kMemoryAllocation);
}

TEST_CASE("memory: work may use more of it one after the other than there are addresses") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, stream);
  KeepBusy(fixture, big, stream);
  std::vector<unsigned char> host(64);
  for (int i = 0; i < 100; ++i) {
    // Of two sizes: those of the same size take turns.
    for (const std::size_t bytes : {20 * kMiB, 10 * kMiB}) {
      std::byte* memory = fixture.NewMemory(bytes, stream);
      MUST(fixture.runtime->MemsetAsync(memory, i, 64, stream));
      MUST(
          fixture.runtime->MemcpyAsync(host.data(), memory, 64, MemcpyKind::kDeviceToHost, stream));
      MUST(fixture.runtime->FreeAsync(memory, stream));
    }
  }
  CHECK_STATUS(fixture.runtime->StreamQuery(stream), kNotReady);
  MUST(fixture.runtime->StreamSynchronize(stream));
  CHECK(host == std::vector<unsigned char>(64, 99));
  std::size_t free = 0, total = 0;
  MUST(fixture.runtime->MemGetInfo(&free, &total));
  CHECK(free == total - kBig);
}

TEST_CASE("memory: a free takes effect in stream order, and only once") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, stream);
  std::byte* device = fixture.NewMemory(64, stream);
  KeepBusy(fixture, big, stream);
  std::vector<unsigned char> host(64);
  MUST(fixture.runtime->MemsetAsync(device, 5, 64, stream));
  MUST(fixture.runtime->MemcpyAsync(host.data(), device, 64, MemcpyKind::kDeviceToHost, stream));
  MUST(fixture.runtime->FreeAsync(device, stream));
  CHECK_STATUS(fixture.runtime->FreeAsync(device, stream), kInvalidValue);
  CHECK_STATUS(fixture.runtime->FreeAsync(big + 256, stream), kInvalidValue);
  CHECK_STATUS(fixture.runtime->MemsetAsync(device, 0, 64, stream), kInvalidValue);
  MUST(fixture.runtime->StreamSynchronize(stream));
  CHECK(host == std::vector<unsigned char>(64, 5));
  CHECK_STATUS(fixture.runtime->FreeAsync(device, stream), kInvalidValue);
}

TEST_CASE("memory: copies and fills outside one live allocation are refused at the call") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* device = fixture.NewMemory(100, stream);
  std::byte* neighbour = fixture.NewMemory(100, stream);
  std::vector<unsigned char> host(1000);
  Runtime& runtime = *fixture.runtime;
  const auto copy = [&](void* to, const void* from, std::size_t bytes, MemcpyKind kind) {
    return runtime.MemcpyAsync(to, from, bytes, kind, stream);
  };
  CHECK_STATUS(copy(device, host.data(), 101, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(device + 1, host.data(), 100, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(device - 1, host.data(), 2, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(device, host.data(), SIZE_MAX, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(host.data(), host.data(), 10, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(device, device, 10, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(device, nullptr, 10, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(nullptr, device, 10, MemcpyKind::kDeviceToHost), kInvalidValue);
  CHECK_STATUS(copy(neighbour, device, 101, MemcpyKind::kDeviceToDevice), kInvalidValue);
  CHECK_STATUS(copy(neighbour, host.data(), 8, MemcpyKind::kDeviceToDevice), kInvalidValue);
  CHECK_STATUS(copy(device, host.data(), 8, static_cast<MemcpyKind>(7)), kInvalidMemcpyDirection);
  CHECK_STATUS(runtime.MemsetAsync(device, 0, 101, stream), kInvalidValue);
  CHECK_STATUS(runtime.MemsetAsync(host.data(), 0, 1, stream), kInvalidValue);
  CHECK_STATUS(runtime.MemsetAsync(nullptr, 0, 0, stream), kSuccess);
  CHECK_STATUS(copy(nullptr, nullptr, 0, MemcpyKind::kDeviceToHost), kSuccess);
  void* pinned = nullptr;
  MUST(runtime.HostAlloc(&pinned, 50, kHostAllocDefault));
  CHECK_STATUS(copy(device, pinned, 51, MemcpyKind::kHostToDevice), kInvalidValue);
  CHECK_STATUS(copy(device, pinned, 50, MemcpyKind::kHostToDevice), kSuccess);
  CHECK_STATUS(runtime.DeviceSynchronize(), kSuccess);
  CHECK_STATUS(runtime.HostAlloc(&pinned, 0, kHostAllocDefault), kInvalidValue);
  CHECK_STATUS(runtime.HostAlloc(&pinned, std::size_t{1} << 50, kHostAllocDefault),
               kMemoryAllocation);
}

TEST_CASE("memory: a copy whose memory another stream has freed is a fault, not a crash") {
  Fixture fixture;
  Stream busy = fixture.NewStream(), other = fixture.NewStream();
  std::byte* big = fixture.NewMemory(kBig, busy);
  std::byte* device = fixture.NewMemory(64, busy);
  KeepBusy(fixture, big, busy);
  MUST(fixture.runtime->MemsetAsync(device, 1, 64, busy));
  MUST(fixture.runtime->FreeAsync(device, other));
  CHECK_STATUS(fixture.runtime->StreamSynchronize(busy), kIllegalAddress);
  CHECK(fixture.runtime->FaultReport(0).find("freed") != std::string::npos);
}

TEST_CASE("devices: memory, streams and faults are separate, copies cross") {
  Fixture fixture({.device_count = 2, .memory_bytes = 64 * kMiB});
  Runtime& runtime = *fixture.runtime;
  Stream first = fixture.NewStream();
  std::byte* here = fixture.NewMemory(64, first);
  MUST(runtime.SetDevice(1));
  Stream second = fixture.NewStream();
  MemPool pool = nullptr;
  MUST(runtime.MemPoolCreate(&pool, 1));
  void* there = nullptr;
  CHECK_STATUS(runtime.MallocFromPoolAsync(&there, 64, pool, first), kInvalidValue);
  MUST(runtime.MallocFromPoolAsync(&there, 64, pool, second));
  CHECK_STATUS(runtime.FreeAsync(there, first), kInvalidValue);

  Event done = fixture.NewEvent();
  CHECK_STATUS(runtime.EventRecord(done, first), kInvalidResourceHandle);  // made on device 1
  MUST(runtime.MemsetAsync(there, 6, 64, second));
  MUST(runtime.EventRecord(done, second));
  MUST(runtime.StreamWaitEvent(first, done, 0));
  MUST(runtime.MemcpyAsync(here, there, 64, MemcpyKind::kDeviceToDevice, first));
  CHECK(fixture.Read(here, 64, first) == std::vector<unsigned char>(64, 6));

  // Break device 1 as above; device 0 goes on.
  MUST(runtime.SetDevice(1));
  void* big = nullptr;
  MUST(runtime.MallocFromPoolAsync(&big, kBig, pool, second));
  KeepBusy(fixture, static_cast<std::byte*>(big), second);
  MUST(runtime.MemsetAsync(there, 1, 64, second));
  MUST(runtime.FreeAsync(there, fixture.NewStream()));
  CHECK_STATUS(runtime.DeviceSynchronize(), kIllegalAddress);
  CHECK_STATUS(runtime.MemPoolTrimTo(pool, 0), kIllegalAddress);
  MUST(runtime.SetDevice(0));
  CHECK_STATUS(runtime.DeviceSynchronize(), kSuccess);
  CHECK(runtime.FaultReport(0).empty());
  CHECK(fixture.Read(here, 64, first) == std::vector<unsigned char>(64, 6));
}

TEST_CASE("threads: the current device belongs to the thread, calls may be made from any") {
  Fixture fixture({.device_count = 2, .memory_bytes = 64 * kMiB});
  Runtime& runtime = *fixture.runtime;
  MUST(runtime.SetDevice(1));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  Stream shared = fixture.NewStream();  // on device 1
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto must = [&](Status status) { wrong += status != Status::kSuccess; };
      Stream stream = nullptr;
      Event event = nullptr;
      must(runtime.StreamCreateWithPriority(&stream, 0, 0));  // on device 0
      must(runtime.EventCreateWithFlags(&event, 0));
      for (int i = 0; i < 200; ++i) {
        void* device = nullptr;
        must(runtime.MallocFromPoolAsync(&device, 1000, fixture.pool, stream));
        std::vector<unsigned char> host(1000);
        must(runtime.MemsetAsync(device, t * 50 + i % 50, 1000, stream));
        must(runtime.MemcpyAsync(host.data(), device, 1000, MemcpyKind::kDeviceToHost, stream));
        must(runtime.EventRecord(event, stream));
        must(runtime.StreamWaitEvent(shared, event, 0));
        must(runtime.FreeAsync(device, stream));
        must(i % 2 ? runtime.EventSynchronize(event) : runtime.StreamSynchronize(stream));
        wrong += host[999] != t * 50 + i % 50;
      }
      must(runtime.EventDestroy(event));
      must(runtime.StreamDestroy(stream));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK_STATUS(runtime.DeviceSynchronize(), kSuccess);
  MUST(runtime.SetDevice(0));
  std::size_t free = 0, total = 0;
  MUST(runtime.DeviceSynchronize());
  MUST(runtime.MemGetInfo(&free, &total));
  CHECK(free == total);
}
