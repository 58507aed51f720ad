#ifndef NODECUDA_BINDING_VALUE_H_
#define NODECUDA_BINDING_VALUE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "binding/napi_setup.h"
#include "runtime/runtime.h"

// Values for JavaScript. Everything here throws a Failure where Node-API refuses, as it does in an
// environment that is stopping, and never runs JavaScript. (The classes of node-addon-api abort the
// process if they cannot make the error that they want to throw, so they are not used.)
namespace nodecuda {

void Require(napi_status status);

napi_value ToValue(napi_env env, double number);
napi_value ToValue(napi_env env, bool boolean);
napi_value ToValue(napi_env env, std::string_view text);
napi_value ToValue(napi_env env, std::nullptr_t);
napi_value ToValue(napi_env env, const Dim3& index);  // [x, y, z]
inline napi_value ToValue(napi_env env, const char* text) {
  return ToValue(env, std::string_view(text));
}
inline napi_value ToValue(napi_env, napi_value value) {
  return value;
}
template <std::integral T>
napi_value ToValue(napi_env env, T number) {
  return ToValue(env, static_cast<double>(number));
}

class Object {
 public:
  explicit Object(napi_env env) : env_(env) { Require(napi_create_object(env, &object_)); }

  template <class T>
  void Set(const char* name, const T& value) {
    Define(name, ToValue(env_, value));
  }
  napi_value value() const { return object_; }

 private:
  void Define(const char* name, napi_value value);

  napi_env env_;
  napi_value object_ = nullptr;
};

class Array {
 public:
  explicit Array(napi_env env) : env_(env) { Require(napi_create_array(env, &array_)); }

  template <class T>
  void Add(const T& value) {
    Require(napi_set_element(env_, array_, length_, ToValue(env_, value)));
    ++length_;
  }
  napi_value value() const { return array_; }

 private:
  napi_env env_;
  napi_value array_ = nullptr;
  std::uint32_t length_ = 0;
};

template <class Range>
napi_value ToArray(napi_env env, const Range& values) {
  Array array(env);
  for (const auto& value : values) {
    array.Add(value);
  }
  return array.value();
}

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_VALUE_H_
