#include "binding/value.h"

#include <initializer_list>

#include "resources/failure.h"

namespace nodecuda {

// Node-API fails while an environment is being torn down, or with an exception pending; there is
// nothing to do but to return to JavaScript.
void Require(napi_status status) {
  if (status != napi_ok) {
    throw Failure(Failure::Kind::kShutdown, "Node-API refused a call");
  }
}

napi_value ToValue(napi_env env, double number) {
  napi_value value;
  Require(napi_create_double(env, number, &value));
  return value;
}

napi_value ToValue(napi_env env, bool boolean) {
  napi_value value;
  Require(napi_get_boolean(env, boolean, &value));
  return value;
}

napi_value ToValue(napi_env env, std::string_view text) {
  napi_value value;
  Require(napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value ToValue(napi_env env, std::nullptr_t) {
  napi_value value;
  Require(napi_get_null(env, &value));
  return value;
}

napi_value ToValue(napi_env env, const Dim3& index) {
  return ToArray(env, std::initializer_list<std::uint32_t>{index.x, index.y, index.z});
}

// Defined rather than set: a setter that somebody gave Object.prototype is not called.
void Object::Define(const char* name, napi_value value) {
  napi_property_descriptor property{};
  property.utf8name = name;
  property.value = value;
  property.attributes = napi_default_jsproperty;
  Require(napi_define_properties(env_, object_, 1, &property));
}

}  // namespace nodecuda
