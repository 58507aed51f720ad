#ifndef NODECUDA_BINDING_NAPI_SETUP_H_
#define NODECUDA_BINDING_NAPI_SETUP_H_

// The one place that includes Node-API, so that every file sees it with the same definitions
// (they come from CMakeLists.txt).
#include <node_api.h>

#endif  // NODECUDA_BINDING_NAPI_SETUP_H_
