#include <atomic>

#include "binding/call.h"
#include "binding/exports.h"
#include "runtime/printf_fifo.h"

namespace nodecuda {
namespace {

napi_value Open(Call& call) {
  const std::shared_ptr<PrintfFifo>& fifo = call.Device(0)->box->printf;
  if (fifo == nullptr) {
    throw Failure(Failure::Kind::kUnsupported, "the driver of a GPU writes what kernels print");
  }
  return call.FromNumber(call.environment().printf_fifos.Add(fifo));
}

napi_value Take(Call& call) {
  auto& fifos = call.environment().printf_fifos;
  const std::shared_ptr<PrintfFifo> fifo = fifos.Get(call.Number(0));
  // The table and `fifo`: the device is closed, and what was launched there has ended. Asked before
  // the text is taken, so that nothing comes in between.
  const bool is_over = fifo.use_count() == 2;
  std::atomic_thread_fence(std::memory_order_acquire);
  const std::string text = fifo->Take();
  if (!is_over || !text.empty()) return ToValue(call.env(), std::string_view(text));
  fifos.Remove(call.Number(0));
  return ToValue(call.env(), nullptr);
}

}  // namespace

void ExportPrintf(napi_env env, napi_value exports, Environment& environment) {
  ExportFunction(env, exports, environment, "openPrintf", EntryPoint<Open>);
  ExportFunction(env, exports, environment, "takePrintf", EntryPoint<Take>);
}

}  // namespace nodecuda
