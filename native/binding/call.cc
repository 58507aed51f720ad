#include "binding/call.h"

#include <cmath>
#include <new>

namespace nodecuda {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

[[noreturn]] void WrongType(std::size_t index, const char* expected) {
  throw Failure(Failure::Kind::kArgumentType,
                "argument " + std::to_string(index) + " must be " + expected);
}

// Node-API fails while an environment is being torn down, or with an exception pending; there is
// nothing to do but to return to JavaScript.
void Require(napi_status status) {
  if (status != napi_ok) {
    throw Failure(Failure::Kind::kShutdown, "Node-API refused a call");
  }
}

const char* KindName(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kArgumentType:
      return "argument-type";
    case Failure::Kind::kArgumentRange:
      return "argument-range";
    case Failure::Kind::kDisposed:
      return "disposed";
    case Failure::Kind::kWrongDevice:
      return "wrong-device";
    case Failure::Kind::kCuda:
      return "cuda";
    case Failure::Kind::kLost:
      return "lost";
    case Failure::Kind::kShutdown:
      return "shutdown";
    case Failure::Kind::kUnsupported:
      return "unsupported";
  }
  return "cuda";
}

}  // namespace

Call::Call(napi_env env, napi_callback_info info, Arguments where) : env_(env) {
  bool in_block = where == Arguments::kInBlock;
  std::size_t count = in_block ? 0 : kMaxArguments;
  void* data = nullptr;
  // Fills what was not passed with undefined.
  Require(napi_get_cb_info(env, info, &count, arguments_, nullptr, &data));
  environment_ = static_cast<Environment*>(data);
  if (in_block) {
    block_ = environment_->argument_block();
  }
}

double Call::Number(std::size_t index) const {
  if (block_ != nullptr) {
    return block_[index];
  }
  double value;
  if (napi_get_value_double(env_, arguments_[index], &value) != napi_ok) {
    WrongType(index, "a number");
  }
  return value;
}

std::size_t Call::Size(std::size_t index) const {
  double value = Number(index);
  // Written so that NaN fails. Node-API's own integer readers wrap and truncate in silence.
  if (!(value >= 0 && value <= kMaxSafeInteger) || value != std::floor(value)) {
    WrongType(index, "a whole number from 0 to 2^53 - 1");
  }
  return static_cast<std::size_t>(value);
}

std::int64_t Call::Signed(std::size_t index) const {
  const double value = Number(index);
  if (!(value >= -kMaxSafeInteger && value <= kMaxSafeInteger) || value != std::floor(value)) {
    WrongType(index, "a whole number from -(2^53 - 1) to 2^53 - 1");
  }
  return static_cast<std::int64_t>(value);
}

int Call::Integer(std::size_t index, int least, int most) const {
  double value = Number(index);
  if (!(value >= least && value <= most) || value != std::floor(value)) {
    WrongType(index, "a whole number in range");
  }
  return static_cast<int>(value);
}

bool Call::Boolean(std::size_t index) const {
  bool value;
  if (napi_get_value_bool(env_, arguments_[index], &value) != napi_ok) {
    WrongType(index, "a boolean");
  }
  return value;
}

std::string Call::String(std::size_t index) const {
  char text[256];
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env_, arguments_[index], text, sizeof text, &length) != napi_ok) {
    WrongType(index, "a string");
  }
  return std::string(text, length);
}

ViewBytes Call::View(std::size_t index) const {
  napi_value value = arguments_[index];
  ViewBytes view;
  bool is_typed_array = false, is_data_view = false;
  Require(napi_is_typedarray(env_, value, &is_typed_array));
  Require(napi_is_dataview(env_, value, &is_data_view));
  if (is_typed_array) {
    napi_typedarray_type type;
    std::size_t length = 0;
    Require(napi_get_typedarray_info(env_, value, &type, &length, &view.data, nullptr, nullptr));
    static constexpr std::size_t kBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};
    if (static_cast<std::size_t>(type) >= std::size(kBytes)) {
      WrongType(index, "a typed array of a known type");
    }
    view.bytes = length * kBytes[type];
  } else if (is_data_view) {
    Require(napi_get_dataview_info(env_, value, &view.bytes, &view.data, nullptr, nullptr));
  } else {
    WrongType(index, "a typed array or DataView");
  }
  if (view.bytes > 0 && view.data == nullptr) {
    WrongType(index, "a view that is not detached");
  }
  return view;
}

napi_value Call::Undefined() const {
  napi_value value;
  Require(napi_get_undefined(env_, &value));
  return value;
}

napi_value Call::FromNumber(double number) const {
  napi_value value;
  Require(napi_create_double(env_, number, &value));
  return value;
}

napi_value MakeError(napi_env env, const Failure& failure) {
  Napi::Object details = Napi::Object::New(env);
  bool has_status = failure.status != Status::kSuccess;
  details["kind"] = Napi::String::New(env, KindName(failure.kind));
  details["status"] = has_status
                          ? Napi::Value(Napi::Number::New(env, static_cast<int>(failure.status)))
                          : Napi::Env(env).Null();
  details["statusName"] = has_status
                              ? Napi::Value(Napi::String::New(env, StatusName(failure.status)))
                              : Napi::Env(env).Null();
  details["operation"] = Napi::String::New(env, failure.operation);
  details["device"] = failure.device >= 0 ? Napi::Value(Napi::Number::New(env, failure.device))
                                          : Napi::Env(env).Null();
  details["report"] = Napi::String::New(env, failure.report);
  if (failure.has_sizes) {
    details["requested"] = Napi::Number::New(env, static_cast<double>(failure.requested));
    details["free"] = Napi::Number::New(env, static_cast<double>(failure.free));
    details["total"] = Napi::Number::New(env, static_cast<double>(failure.total));
  }
  Napi::Error error = Napi::Error::New(env, failure.operation);
  error.Set("nodecuda", details);
  return error.Value();
}

napi_value Guard(napi_env env, napi_callback_info info, Call::Arguments where,
                 napi_value (*function)(Call&)) noexcept {
  // Whatever making the error object throws in turn is a pending exception or a dying environment.
  try {
    try {
      Call call(env, info, where);
      return function(call);
    } catch (const Failure& failure) {
      napi_throw(env, MakeError(env, failure));
    } catch (const Napi::Error& error) {
      error.ThrowAsJavaScriptException();
    } catch (const std::bad_alloc&) {
      napi_throw_range_error(env, nullptr, "out of host memory");
    } catch (const std::exception& error) {
      napi_throw_error(env, nullptr, error.what());
    }
  } catch (...) {
  }
  return nullptr;
}

void ExportFunction(napi_env env, napi_value exports, Environment& environment, const char* name,
                    napi_callback entry_point) {
  napi_value function;
  Require(napi_create_function(env, name, NAPI_AUTO_LENGTH, entry_point, &environment, &function));
  Require(napi_set_named_property(env, exports, name, function));
}

}  // namespace nodecuda
