#include "default_stream.h"

#include <map>
#include <mutex>

#include "double.h"
#include "order.h"

namespace nodecuda::cudart {
namespace {

struct Default {
  Stream stream = nullptr;
  Event event = nullptr;  // recorded again for each wait, which takes its latest record
};

struct Streams {
  std::mutex mutex;
  std::map<int, Default> of_device;      // from a device's first use of it
  std::map<cudaStream_t, int> blocking;  // the device of each
};

Streams& All() {
  static auto* all = new Streams;
  return *all;
}

bool IsDefault(cudaStream_t stream) {
  return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
}

// A device that is out of use makes none any more: this is called before anything can be enqueued.
const Default& Open(int device) {
  Default& its = All().of_device[device];
  if (its.stream == nullptr) Simulated().StreamCreateWithPriority(&its.stream, 0, 0);
  if (its.event == nullptr) Simulated().EventCreateWithFlags(&its.event, kEventDisableTiming);
  return its;
}

void Wait(Stream waiting, Stream first, Event event) {
  Simulated().EventRecord(event, first);
  Simulated().StreamWaitEvent(waiting, event, 0);
}

}  // namespace

void StreamMade(cudaStream_t stream, unsigned flags) {
  if (!RunsPrograms()) return;
  const int device = NeedDevice("cudaStreamCreateWithPriority");
  std::lock_guard lock(All().mutex);
  Open(device);
  if ((flags & cudaStreamNonBlocking) == 0) All().blocking[stream] = device;
}

void StreamGone(cudaStream_t stream) {
  std::lock_guard lock(All().mutex);
  const auto found = All().blocking.find(stream);
  if (found == All().blocking.end()) return;
  const Default& own = All().of_device.at(found->second);
  Wait(own.stream, Cast<Stream>(stream), own.event);  // for what it still has
  All().blocking.erase(found);
}

cudaStream_t NeedStream(const char* call, cudaStream_t stream) {
  if (!RunsPrograms() || !IsDefault(stream)) {
    Need(call, Kind::kStream, stream);
    return stream;
  }
  const int device = NeedDevice(call);
  std::lock_guard lock(All().mutex);
  return Cast<cudaStream_t>(Open(device).stream);
}

cudaStream_t NeedOrdered(const char* call, cudaStream_t stream) {
  const cudaStream_t its = NeedStream(call, stream);
  if (!RunsPrograms()) return its;
  std::lock_guard lock(All().mutex);
  if (its != stream) {
    const int device = NeedDevice(call);
    const Default& own = Open(device);
    for (const auto& [other, where] : All().blocking) {
      if (where == device) Wait(own.stream, Cast<Stream>(other), own.event);
    }
  } else if (const auto found = All().blocking.find(stream); found != All().blocking.end()) {
    const Default& own = All().of_device.at(found->second);
    Wait(Cast<Stream>(stream), own.stream, own.event);
  }
  return its;
}

}  // namespace nodecuda::cudart
