// The switches of double.h for JavaScript: an addon that links the same double as the one under
// test.
#include <node_api.h>

#include <string>

#include "double.h"

namespace {

std::string Argument(napi_env env, napi_callback_info info) {
  napi_value argument;
  std::size_t count = 1, length = 0;
  char text[256] = "";
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_string_utf8(env, argument, text, sizeof text, &length);
  return {text, length};
}

napi_value Number(napi_env env, unsigned long long number) {
  napi_value value;
  napi_create_double(env, static_cast<double>(number), &value);
  return value;
}

napi_value Fail(napi_env env, napi_callback_info info) {
  nodecudaDoubleFail(Argument(env, info).c_str());
  return nullptr;
}

napi_value Clear(napi_env, napi_callback_info) {
  nodecudaDoubleClear();
  return nullptr;
}

napi_value Count(napi_env env, napi_callback_info info) {
  return Number(env, nodecudaDoubleCount(Argument(env, info).c_str()));
}

napi_value Live(napi_env env, napi_callback_info info) {
  return Number(env, nodecudaDoubleLive(Argument(env, info).c_str()));
}

napi_value Calls(napi_env env, napi_callback_info) {
  napi_value value;
  napi_create_string_utf8(env, nodecudaDoubleCalls(), NAPI_AUTO_LENGTH, &value);
  return value;
}

}  // namespace

NAPI_MODULE_INIT() {
  const auto add = [&](const char* name, napi_callback function) {
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  };
  add("fail", Fail);
  add("clear", Clear);
  add("count", Count);
  add("live", Live);
  add("calls", Calls);
  return exports;
}
