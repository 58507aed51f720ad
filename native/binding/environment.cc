#include "binding/environment.h"

#include "binding/abi/block.h"
#include "binding/call.h"
#include "resources/afterwards.h"

namespace nodecuda {

Environment::~Environment() {
  // What is stopped would be waited for below.
  debuggers.ForEach([](const auto& debugger) { debugger->Close(true); });
  StopWatchers();
  auto everything = [](const auto&) { return true; };
  reads.ForEach([](const std::shared_ptr<ReadBox>& read) { LetGo(read->device->physical, true); });
  reads.RemoveIf(everything);
  meters.RemoveIf(everything);
  prepared_launches.RemoveIf(everything);
  textures.RemoveIf(everything);
  arrays.RemoveIf(everything);
  buffers.RemoveIf(everything);
  kernels.RemoveIf(everything);
  modules.RemoveIf(everything);
  events.RemoveIf(everything);
  streams.RemoveIf(everything);
  devices.ForEach(
      [](const std::shared_ptr<OpenedDevice>& opened) { LetGo(opened->box->physical, true); });
  devices.RemoveIf(everything);
  runtimes.RemoveIf(everything);
}

napi_value Environment::MakeArgumentBlock() {
  void* data;
  napi_value memory, block;
  Require(
      napi_create_arraybuffer(env_, abi::kArgumentBlockLength * sizeof(double), &data, &memory));
  Require(napi_create_typedarray(env_, napi_float64_array, abi::kArgumentBlockLength, memory, 0,
                                 &block));
  Require(napi_create_reference(env_, block, 1, &argument_block_));  // ends with the environment
  return block;
}

const double* Environment::argument_block() const {
  napi_value block;
  void* data = nullptr;
  std::size_t bytes = 0;
  Require(napi_get_reference_value(env_, argument_block_, &block));
  Require(napi_get_buffer_info(env_, block, &data, &bytes));
  if (bytes != abi::kArgumentBlockLength * sizeof(double)) {
    throw Failure(Failure::Kind::kArgumentType, "the argument block was detached");
  }
  return static_cast<const double*>(data);
}

napi_value Environment::MakePromise(const std::shared_ptr<PhysicalDevice>& device,
                                    std::vector<Event> events, std::shared_ptr<void> keep_alive) {
  Waits waits;
  Wait& wait = waits.emplace_back();
  wait.events = std::move(events);
  wait.keep_alive = std::move(keep_alive);
  // Work that is done already, as short work often is, needs no thread.
  const bool over = Watcher::Poll(*device, wait);
  // Before there is a promise, so that none is left behind where there is no thread to be had.
  Watcher* watcher = over ? nullptr : &WatcherOf(device);
  napi_value promise;
  Require(napi_create_promise(env_, &wait.deferred, &promise));
  if (over) {
    Settle(wait);
    return promise;
  }
  if (outstanding_++ == 0) {
    napi_ref_threadsafe_function(env_, wake_up_);
  }
  watcher->Add(std::move(waits));
  return promise;
}

napi_value Environment::MakePromise(Errand::Work work, Errand::Answer answer) {
  StartDelivery();
  Waits waits;
  Errand& errand = *errands_.emplace_back(std::make_unique<Errand>());
  errand.answer = std::move(answer);
  waits.emplace_back().errand = &errand;
  napi_value promise;
  try {
    Require(napi_create_promise(env_, &waits.front().deferred, &promise));
    errand.thread = std::thread(
        [this, &errand, work = std::move(work), waits = std::move(waits)]() mutable noexcept {
          try {
            work(errand.stop);
          } catch (...) {
            waits.front().failure = CurrentFailure();
          }
          Deliver(std::move(waits));
        });
  } catch (...) {
    errands_.pop_back();
    ReleaseWatchers();
    throw;
  }
  if (outstanding_++ == 0) {
    napi_ref_threadsafe_function(env_, wake_up_);
  }
  return promise;
}

Watcher& Environment::WatcherOf(const std::shared_ptr<PhysicalDevice>& device) {
  for (const auto& watcher : watchers_) {
    if (&watcher->device() == device.get()) {
      return *watcher;
    }
  }
  StartDelivery();
  watchers_.push_back(
      std::make_unique<Watcher>(device, [this](Waits over) { Deliver(std::move(over)); }));
  return *watchers_.back();
}

void Environment::StartDelivery() {
  if (wake_up_ != nullptr) {
    return;
  }
  auto settle = [](napi_env env, napi_value, void* self, void*) {
    if (env != nullptr) {
      static_cast<Environment*>(self)->Settle();
    }
  };
  napi_threadsafe_function wake_up;
  Require(napi_create_threadsafe_function(env_, nullptr, nullptr, ToValue(env_, "nodecuda"), 0, 1,
                                          nullptr, nullptr, this, settle, &wake_up));
  // Registered after the function was made, so that it runs before the function is torn down: a
  // thread that calls a dying one aborts the process (nodejs/node#55706).
  Require(napi_add_env_cleanup_hook(env_, StopWatchersOf, this));
  napi_unref_threadsafe_function(env_, wake_up);
  wake_up_ = wake_up;
}

// Without a thread that could call it the function goes, so that a program which has closed all its
// devices has nothing of ours open.
void Environment::EndDelivery() {
  if (wake_up_ == nullptr) {
    return;
  }
  napi_remove_env_cleanup_hook(env_, StopWatchersOf, this);
  napi_release_threadsafe_function(wake_up_, napi_tsfn_release);
  wake_up_ = nullptr;
}

void Environment::ReleaseWatchers() {
  std::erase_if(watchers_, [this](const std::unique_ptr<Watcher>& watcher) {
    bool needed = watcher->outstanding != 0;
    devices.ForEach([&](const std::shared_ptr<OpenedDevice>& opened) {
      needed = needed || opened->box->physical.get() == &watcher->device();
    });
    return !needed;
  });
  if (watchers_.empty() && errands_.empty()) {
    EndDelivery();
  }
}

void Environment::Deliver(Waits waits) noexcept {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = finished_.empty();
    finished_.splice(finished_.end(), waits);
  }
  if (first) {  // one wake-up settles all that is there by then
    napi_call_threadsafe_function(wake_up_, nullptr, napi_tsfn_nonblocking);
  }
}

void Environment::Settle() noexcept {
  Waits finished;
  {
    std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  if (finished.empty()) {
    return;
  }
  for (const Wait& wait : finished) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(env_, &scope) == napi_ok) {
      Settle(wait);
      napi_close_handle_scope(env_, scope);
    }
    if (wait.watcher != nullptr) {
      --wait.watcher->outstanding;
    }
    std::erase_if(errands_, [&](const auto& errand) { return errand.get() == wait.errand; });
  }
  outstanding_ -= finished.size();
  for (const auto& watcher : watchers_) {
    TrimLater(watcher->shared_device());
  }
  if (outstanding_ == 0) {
    napi_unref_threadsafe_function(env_, wake_up_);
  }
  finished.clear();
  ReleaseWatchers();
}

// Throws Failure where there is none, or it cannot be made.
napi_value Environment::AnswerOf(const Wait& wait) {
  if (wait.failure) throw Failure(*wait.failure);
  if (wait.errand != nullptr && wait.errand->answer) return wait.errand->answer(env_);
  napi_value undefined;
  Require(napi_get_undefined(env_, &undefined));
  return undefined;
}

// Where Node-API refuses, the environment is stopping: nobody is left who waits.
void Environment::Settle(const Wait& wait) noexcept {
  try {
    napi_resolve_deferred(env_, wait.deferred, AnswerOf(wait));
  } catch (...) {
    if (napi_value error = MakeError(env_, CurrentFailure())) {
      napi_reject_deferred(env_, wait.deferred, error);
    }
  }
}

void Environment::StopWatchers() noexcept {
  watchers_.clear();
  for (const auto& errand : errands_) errand->stop = true;  // all at once, then wait for each
  errands_.clear();
  std::lock_guard lock(mutex_);
  finished_.clear();
}

}  // namespace nodecuda
