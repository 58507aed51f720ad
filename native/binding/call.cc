#include "binding/call.h"

namespace nodecuda {
namespace {

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
    case Failure::Kind::kHostMemory:
      return "host-memory";
    case Failure::Kind::kInternal:
      return "internal";
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

void Call::WrongType(std::size_t index, const char* expected) {
  throw Failure(Failure::Kind::kArgumentType,
                "argument " + std::to_string(index) + " must be " + expected);
}

double Call::PassedNumber(std::size_t index) const {
  double value;
  if (napi_get_value_double(env_, arguments_[index], &value) != napi_ok) {
    WrongType(index, "a number");
  }
  return value;
}

bool Call::Boolean(std::size_t index) const {
  bool value;
  if (napi_get_value_bool(env_, arguments_[index], &value) != napi_ok) {
    WrongType(index, "a boolean");
  }
  return value;
}

std::string Call::Text(napi_value value, std::size_t index) const {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) {
    WrongType(index, "a string");
  }
  std::string text(length, '\0');
  Require(napi_get_value_string_utf8(env_, value, text.data(), length + 1, &length));
  return text;
}

std::vector<napi_value> Call::Elements(std::size_t index) const {
  bool is_array = false;
  Require(napi_is_array(env_, arguments_[index], &is_array));
  if (!is_array) WrongType(index, "an array");
  std::uint32_t length = 0;
  Require(napi_get_array_length(env_, arguments_[index], &length));
  std::vector<napi_value> elements;
  for (std::uint32_t i = 0; i < length; ++i) {
    elements.emplace_back();
    Require(napi_get_element(env_, arguments_[index], i, &elements.back()));
  }
  return elements;
}

std::vector<std::string> Call::Texts(std::size_t index) const {
  std::vector<std::string> texts;
  for (napi_value element : Elements(index)) texts.push_back(Text(element, index));
  return texts;
}

std::vector<std::string> Call::Copies(std::size_t index) const {
  std::vector<std::string> copies;
  for (napi_value element : Elements(index)) {
    const ViewBytes view = View(element, index);
    copies.emplace_back(static_cast<const char*>(view.data), view.bytes);
  }
  return copies;
}

ViewBytes Call::View(napi_value value, std::size_t index) const {
  ViewBytes view;
  bool is_typed_array = false, is_data_view = false;
  Require(napi_is_typedarray(env_, value, &is_typed_array));
  Require(napi_is_dataview(env_, value, &is_data_view));
  if (!is_typed_array && !is_data_view) {
    WrongType(index, "a typed array or DataView");
  }
  // Takes any view and tells its bytes. napi_get_typedarray_info tells elements and their type, and
  // leaves the type as it was for a class that it does not know (Float16Array on Node.js 22).
  Require(napi_get_buffer_info(env_, value, &view.data, &view.bytes));
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

napi_value MakeError(napi_env env, const Failure& failure) noexcept {
  try {
    Object details(env);
    details.Set("kind", KindName(failure.kind));
    if (failure.status != Status::kSuccess) {
      details.Set("status", static_cast<int>(failure.status));
      details.Set("statusName", StatusName(failure.status));
    } else {
      details.Set("status", nullptr);
      details.Set("statusName", nullptr);
    }
    details.Set("operation", std::string_view(failure.operation));
    if (failure.device >= 0) {
      details.Set("device", failure.device);
    } else {
      details.Set("device", nullptr);
    }
    details.Set("report", std::string_view(failure.report));
    if (failure.requested > 0) {
      details.Set("requested", failure.requested);
    }
    if (failure.has_sizes) {
      details.Set("free", failure.free);
      details.Set("total", failure.total);
    }
    napi_value error;
    Require(
        napi_create_error(env, nullptr, ToValue(env, std::string_view(failure.operation)), &error));
    napi_property_descriptor property{};
    property.utf8name = "nodecuda";
    property.value = details.value();
    property.attributes = napi_default_jsproperty;
    Require(napi_define_properties(env, error, 1, &property));
    return error;
  } catch (...) {
    return nullptr;
  }
}

napi_value Guard(napi_env env, napi_callback_info info, Call::Arguments where,
                 napi_value (*function)(Call&)) noexcept {
  try {
    Call call(env, info, where);
    return function(call);
  } catch (...) {
    // Without an error object the environment is stopping, or has an exception pending already.
    if (napi_value error = MakeError(env, CurrentFailure())) {
      napi_throw(env, error);
    }
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
