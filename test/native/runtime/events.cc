// SimulatedRuntime: events.
#include <chrono>
#include <cmath>
#include <thread>

#include "test/native/runtime/fixture.h"

using namespace nodecuda;
using namespace nodecuda::test;

TEST_CASE("events: one that was never recorded is complete and holds nobody up") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  Event event = fixture.NewEvent();
  CHECK_STATUS(fixture.runtime->EventQuery(event), kSuccess);
  CHECK_STATUS(fixture.runtime->EventSynchronize(event), kSuccess);
  CHECK_STATUS(fixture.runtime->StreamWaitEvent(stream, event, 0), kSuccess);
  CHECK_STATUS(fixture.runtime->StreamWaitEvent(stream, event, 4), kInvalidValue);
  CHECK_STATUS(fixture.runtime->StreamSynchronize(stream), kSuccess);
  float ms = 0;
  CHECK_STATUS(fixture.runtime->EventElapsedTime(&ms, event, event), kInvalidResourceHandle);
}

TEST_CASE("events: elapsed time is that of the work between them") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(32 * kMiB, stream);
  Event start = fixture.NewEvent(), end = fixture.NewEvent();
  const auto before = std::chrono::steady_clock::now();
  MUST(fixture.runtime->EventRecord(start, stream));
  for (int i = 0; i < 10; ++i) MUST(fixture.runtime->MemsetAsync(big, i, 32 * kMiB, stream));
  MUST(fixture.runtime->EventRecord(end, stream));
  float ms = -1;
  CHECK_STATUS(fixture.runtime->EventElapsedTime(&ms, start, end), kNotReady);
  CHECK_STATUS(fixture.runtime->EventQuery(end), kNotReady);
  MUST(fixture.runtime->EventSynchronize(end));
  const std::chrono::duration<float, std::milli> wall = std::chrono::steady_clock::now() - before;
  MUST(fixture.runtime->EventElapsedTime(&ms, start, end));
  CHECK(ms > 1);  // 320 MiB
  CHECK(ms <= wall.count());
  CHECK(std::fabs(ms * 2000 - std::round(ms * 2000)) < 0.2f);  // half microseconds
  float back = 0;
  MUST(fixture.runtime->EventElapsedTime(&back, end, start));
  CHECK(back == -ms);
}

TEST_CASE("events: without timing there is no elapsed time") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  Event timed = fixture.NewEvent(), untimed = fixture.NewEvent(kEventDisableTiming);
  MUST(fixture.runtime->EventRecord(timed, stream));
  MUST(fixture.runtime->EventRecord(untimed, stream));
  MUST(fixture.runtime->EventSynchronize(untimed));
  float ms = 0;
  CHECK_STATUS(fixture.runtime->EventElapsedTime(&ms, timed, untimed), kInvalidResourceHandle);
  CHECK_STATUS(fixture.runtime->EventElapsedTime(&ms, untimed, timed), kInvalidResourceHandle);
  CHECK_STATUS(fixture.runtime->EventElapsedTime(&ms, timed, timed), kSuccess);
  CHECK(ms == 0);
  Event event = nullptr;
  CHECK_STATUS(fixture.runtime->EventCreateWithFlags(&event, 0x80), kInvalidValue);
}

TEST_CASE("events: recording again replaces, but not for those that wait already") {
  Fixture fixture;
  Runtime& runtime = *fixture.runtime;
  Stream fast = fixture.NewStream(), slow = fixture.NewStream(), waiter = fixture.NewStream();
  std::byte* big = fixture.NewMemory(32 * kMiB, slow);
  Event event = fixture.NewEvent();
  MUST(runtime.EventRecord(event, fast));
  MUST(runtime.EventSynchronize(event));
  MUST(runtime.StreamWaitEvent(waiter, event, 0));  // for the record that is done
  for (int i = 0; i < 20; ++i) MUST(runtime.MemsetAsync(big, i, 32 * kMiB, slow));
  MUST(runtime.EventRecord(event, slow));
  CHECK_STATUS(runtime.EventQuery(event), kNotReady);
  MUST(runtime.StreamSynchronize(waiter));
  CHECK_STATUS(runtime.EventQuery(event), kNotReady);
  MUST(runtime.StreamWaitEvent(waiter, event, 0));
  MUST(runtime.StreamSynchronize(waiter));
  CHECK_STATUS(runtime.EventQuery(event), kSuccess);
}

TEST_CASE("events: threads can wait for the same one") {
  Fixture fixture;
  Stream stream = fixture.NewStream();
  std::byte* big = fixture.NewMemory(32 * kMiB, stream);
  Event event = fixture.NewEvent();
  for (int i = 0; i < 10; ++i) MUST(fixture.runtime->MemsetAsync(big, i, 32 * kMiB, stream));
  MUST(fixture.runtime->EventRecord(event, stream));
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      if (fixture.runtime->EventSynchronize(event) != Status::kSuccess) return;
      if (fixture.runtime->EventQuery(event) == Status::kSuccess) ++ready;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ready == 4);
}
