#ifndef NODECUDA_BINDING_EXPORTS_H_
#define NODECUDA_BINDING_EXPORTS_H_

#include "binding/environment.h"
#include "binding/napi_setup.h"

// What lib/addon/types.ts declares: a file for each kind of object, in objects/, and for each
// family of operations, in operations/.
namespace nodecuda {

void ExportRuntimes(napi_env env, napi_value exports, Environment& environment);
void ExportDevices(napi_env env, napi_value exports, Environment& environment);
void ExportChecks(napi_env env, napi_value exports, Environment& environment);
void ExportMeters(napi_env env, napi_value exports, Environment& environment);
void ExportDebugger(napi_env env, napi_value exports, Environment& environment);
void ExportPrintf(napi_env env, napi_value exports, Environment& environment);
void ExportStreams(napi_env env, napi_value exports, Environment& environment);
void ExportEvents(napi_env env, napi_value exports, Environment& environment);
void ExportBuffers(napi_env env, napi_value exports, Environment& environment);
void ExportTextures(napi_env env, napi_value exports, Environment& environment);
void ExportModules(napi_env env, napi_value exports, Environment& environment);
void ExportMatmul(napi_env env, napi_value exports, Environment& environment);
void ExportElementwise(napi_env env, napi_value exports, Environment& environment);
void ExportReduce(napi_env env, napi_value exports, Environment& environment);
void ExportSoftmax(napi_env env, napi_value exports, Environment& environment);
void ExportCompile(napi_env env, napi_value exports, Environment& environment);
void ExportLink(napi_env env, napi_value exports, Environment& environment);
void ExportPreload(napi_env env, napi_value exports, Environment& environment);
void ExportLaunch(napi_env env, napi_value exports, Environment& environment);
void ExportTranspose(napi_env env, napi_value exports, Environment& environment);

}  // namespace nodecuda

#endif  // NODECUDA_BINDING_EXPORTS_H_
