#include "binding/environment.h"

#include "binding/abi/block.h"
#include "binding/call.h"

namespace nodecuda {

Environment::~Environment() {
  StopWatchers();
  auto everything = [](const auto&) { return true; };
  reads.RemoveIf(everything);
  buffers.RemoveIf(everything);
  events.RemoveIf(everything);
  streams.RemoveIf(everything);
  devices.RemoveIf(everything);
  runtimes.RemoveIf(everything);
}

napi_value Environment::MakeArgumentBlock() {
  void* data = nullptr;
  napi_value memory, block;
  napi_ref reference;  // holds the memory; ends with the environment
  if (napi_create_arraybuffer(env_, abi::kArgumentBlockLength * sizeof(double), &data, &memory) !=
          napi_ok ||
      napi_create_typedarray(env_, napi_float64_array, abi::kArgumentBlockLength, memory, 0,
                             &block) != napi_ok ||
      napi_create_reference(env_, block, 1, &reference) != napi_ok) {
    throw Failure(Failure::Kind::kShutdown, "no argument block could be made");
  }
  argument_block_ = static_cast<const double*>(data);
  return block;
}

napi_value Environment::MakePromise(const std::shared_ptr<PhysicalDevice>& device,
                                    std::vector<Event> events, std::shared_ptr<void> keep_alive) {
  Wait wait{std::move(events), std::move(keep_alive), nullptr, std::nullopt};
  // Work that is done already, as short work often is, needs no thread.
  bool over = Watcher::Poll(*device, wait);
  napi_value promise;
  if (napi_create_promise(env_, &wait.deferred, &promise) != napi_ok) {
    throw Failure(Failure::Kind::kShutdown, "no promise could be made");
  }
  if (over) {
    napi_value value;
    if (wait.failure) {
      napi_reject_deferred(env_, wait.deferred, MakeError(env_, *wait.failure));
    } else if (napi_get_undefined(env_, &value) == napi_ok) {
      napi_resolve_deferred(env_, wait.deferred, value);
    }
    return promise;
  }
  StartDelivery();
  Watcher* watcher = nullptr;
  for (const auto& each : watchers_) {
    if (&each->device() == device.get()) {
      watcher = each.get();
    }
  }
  if (watcher == nullptr) {
    watchers_.push_back(
        std::make_unique<Watcher>(device, [this](Wait finished) { Deliver(std::move(finished)); }));
    watcher = watchers_.back().get();
  }
  if (outstanding_++ == 0) {
    napi_ref_threadsafe_function(env_, wake_up_);
  }
  watcher->Add(std::move(wait));
  return promise;
}

void Environment::StartDelivery() {
  if (wake_up_ != nullptr) {
    return;
  }
  napi_value name;
  napi_create_string_utf8(env_, "nodecuda", NAPI_AUTO_LENGTH, &name);
  auto settle = [](napi_env env, napi_value, void* self, void*) {
    if (env != nullptr) {
      static_cast<Environment*>(self)->Settle();
    }
  };
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                      settle, &wake_up_) != napi_ok) {
    wake_up_ = nullptr;
    throw Failure(Failure::Kind::kShutdown, "no thread-safe function could be made");
  }
  napi_unref_threadsafe_function(env_, wake_up_);
  // Registered after the function was made, so that it runs before the function is torn down: a
  // thread that calls a dying one aborts the process (nodejs/node#55706).
  napi_add_env_cleanup_hook(
      env_, [](void* self) { static_cast<Environment*>(self)->StopWatchers(); }, this);
}

void Environment::Deliver(Wait wait) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = finished_.empty();
    finished_.push_back(std::move(wait));
  }
  if (first) {  // one wake-up settles all that is there by then
    napi_call_threadsafe_function(wake_up_, nullptr, napi_tsfn_nonblocking);
  }
}

void Environment::Settle() {
  std::vector<Wait> finished;
  {
    std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (const Wait& wait : finished) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(env_, &scope) != napi_ok) {
      return;
    }
    napi_value value;
    if (wait.failure) {
      napi_reject_deferred(env_, wait.deferred, MakeError(env_, *wait.failure));
    } else if (napi_get_undefined(env_, &value) == napi_ok) {
      napi_resolve_deferred(env_, wait.deferred, value);
    }
    napi_close_handle_scope(env_, scope);
  }
  outstanding_ -= finished.size();
  if (outstanding_ == 0 && !finished.empty()) {
    napi_unref_threadsafe_function(env_, wake_up_);
  }
}

void Environment::StopWatchers() {
  watchers_.clear();
  std::lock_guard lock(mutex_);
  finished_.clear();
}

}  // namespace nodecuda
