#include "default_stream.h"
#include "double.h"
#include "order.h"

using namespace nodecuda;
using namespace nodecuda::cudart;

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int priority) {
  return Call("cudaStreamCreateWithPriority", [&] {
    NeedDevice("cudaStreamCreateWithPriority");
    const Status status =
        Simulated().StreamCreateWithPriority(Cast<Stream*>(stream), flags, priority);
    if (status == Status::kSuccess) {
      Made(Kind::kStream, *stream);
      StreamMade(*stream, flags);
    }
    return status;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return Call("cudaStreamDestroy", [&] {
    Take("cudaStreamDestroy", Kind::kStream, stream);
    StreamGone(stream);
    return Simulated().StreamDestroy(Cast<Stream>(stream));
  });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return Call("cudaStreamQuery", [&] {
    stream = NeedStream("cudaStreamQuery", stream);
    return Simulated().StreamQuery(Cast<Stream>(stream));
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return Call("cudaStreamSynchronize", [&] {
    stream = NeedOrdered("cudaStreamSynchronize", stream);
    return WaitAndPrint([&] { return Simulated().StreamSynchronize(Cast<Stream>(stream)); });
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  return Call("cudaStreamWaitEvent", [&] {
    stream = NeedOrdered("cudaStreamWaitEvent", stream);
    Need("cudaStreamWaitEvent", Kind::kEvent, event);
    return Simulated().StreamWaitEvent(Cast<Stream>(stream), Cast<Event>(event), flags);
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return Call("cudaEventCreateWithFlags", [&] {
    NeedDevice("cudaEventCreateWithFlags");
    const Status status = Simulated().EventCreateWithFlags(Cast<Event*>(event), flags);
    if (status == Status::kSuccess) Made(Kind::kEvent, *event);
    return status;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return Call("cudaEventDestroy", [&] {
    Take("cudaEventDestroy", Kind::kEvent, event);
    return Simulated().EventDestroy(Cast<Event>(event));
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return Call("cudaEventRecord", [&] {
    Need("cudaEventRecord", Kind::kEvent, event);
    stream = NeedOrdered("cudaEventRecord", stream);
    return Simulated().EventRecord(Cast<Event>(event), Cast<Stream>(stream));
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return Call("cudaEventQuery", [&] {
    Need("cudaEventQuery", Kind::kEvent, event);
    return Simulated().EventQuery(Cast<Event>(event));
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return Call("cudaEventSynchronize", [&] {
    Need("cudaEventSynchronize", Kind::kEvent, event);
    return WaitAndPrint([&] { return Simulated().EventSynchronize(Cast<Event>(event)); });
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return Call("cudaEventElapsedTime", [&] {
    Need("cudaEventElapsedTime", Kind::kEvent, start);
    Need("cudaEventElapsedTime", Kind::kEvent, end);
    return Simulated().EventElapsedTime(milliseconds, Cast<Event>(start), Cast<Event>(end));
  });
}
