#ifndef NODECUDA_BINDING_OPERATIONS_ASIDE_PROMISE_H_
#define NODECUDA_BINDING_OPERATIONS_ASIDE_PROMISE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "binding/call.h"
#include "compiler/aside.h"

// What compiling and linking have in common.
namespace nodecuda {

inline napi_value ToBuffer(napi_env env, const std::string& bytes) {
  napi_value memory, view;
  void* data;
  Require(napi_create_arraybuffer(env, bytes.size(), &data, &memory));
  bytes.copy(static_cast<char*>(data), bytes.size());
  Require(napi_create_typedarray(env, napi_uint8_array, bytes.size(), memory, 0, &view));
  return view;
}

// NUL ends a text for NVIDIA's libraries, which would take half of it.
inline void RefuseNul(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) {
      throw Failure(Failure::Kind::kArgumentRange, "a text has a NUL in it");
    }
  }
}

// A promise for what the work leaves, as `describe` says it to JavaScript. It is done once for all
// who ask with the same key meanwhile.
template <class Result>
napi_value PromiseOf(Call& call, const std::string& key,
                     Object (*describe)(napi_env, const Result&),
                     std::function<Result(const std::atomic<bool>& cancelled)> work) {
  auto outcome = std::make_shared<compiler::Outcome>();
  auto run = [work = std::move(work)](const std::atomic<bool>& cancelled) {
    return std::shared_ptr<void>(std::make_shared<Result>(work(cancelled)));
  };
  return call.environment().MakePromise(
      [=](const std::atomic<bool>& stop) {
        *outcome = compiler::RunAside(key, run, stop);
        if (outcome->result == nullptr) {
          throw Failure(Failure::Kind::kShutdown, "the compiler was stopped");
        }
      },
      [outcome, describe](napi_env env) {
        Object object = describe(env, *std::static_pointer_cast<Result>(outcome->result));
        object.Set("shared", outcome->shared);
        return object.value();
      });
}

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_OPERATIONS_ASIDE_PROMISE_H_
