// A stand-in for libnvrtc, compiled by test/support/nvrtc.ts. What it does is in the source that it
// "compiles":
//
//   FAKE_SLEEP_MS=n   takes n ms, and ends early if the flow callback says so (with -DWITH_FLOW)
//   FAKE_STATUS=n     fails with that nvrtcResult
//   FAKE_LOG=text     has that log, up to the end of the line
//   FAKE_BYTES=n      makes n bytes more
//   FAKE_SIGNALS=1    loses SA_RESETHAND of SIGTERM, as NVRTC 13.0 does
//
// Its PTX tells what it was called with. Its destructor takes from under a compilation what it
// uses, as those of the real one do: it aborts if one is still running.
//
//   -DMAJOR=12 -DMINOR=4   nvrtcVersion; 0.0 makes it fail
//   -DNEEDS_BUILTINS       compiles only where libnvrtc-builtins.so.MAJOR.MINOR is loaded
//   -DWITHOUT_CUBIN        lacks nvrtcGetCUBIN
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef MAJOR
#define MAJOR 12
#define MINOR 4
#endif
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

enum { SUCCESS, INVALID_OPTION = 5, COMPILATION, BUILTINS, NAME = 10, INTERNAL, CANCELLED = 19 };

typedef int (*Flow)(void*, void*);

typedef struct Program {
  char *source, *name, *log, *ptx, *cubin;
  size_t ptx_bytes, cubin_bytes;
  char headers[4096], names[4096], lowered[256];
  Flow flow;
  void* payload;
} Program;

static atomic_int active, finished;

__attribute__((destructor)) static void Finish(void) {
  finished = 1;
  const struct timespec moment = {0, 30 * 1000 * 1000};
  nanosleep(&moment, NULL);
}

static const char* After(const Program* p, const char* mark) {
  const char* found = strstr(p->source, mark);
  return found == NULL ? NULL : found + strlen(mark);
}

static long NumberAfter(const Program* p, const char* mark) {
  const char* found = After(p, mark);
  return found == NULL ? 0 : strtol(found, NULL, 10);
}

int nvrtcVersion(int* major, int* minor) {
  *major = MAJOR;
  *minor = MINOR;
  return MAJOR == 0 ? INTERNAL : SUCCESS;
}

static const int kArchitectures[] = {75, 80, 90};

int nvrtcGetNumSupportedArchs(int* count) {
  *count = 3;
  return SUCCESS;
}

int nvrtcGetSupportedArchs(int* architectures) {
  memcpy(architectures, kArchitectures, sizeof kArchitectures);
  return SUCCESS;
}

const char* nvrtcGetErrorString(int status) {
  return status == COMPILATION ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_FAKE";
}

int nvrtcCreateProgram(Program** program, const char* source, const char* name, int count,
                       const char* const* headers, const char* const* names) {
  Program* p = calloc(1, sizeof *p);
  p->source = strdup(source);
  p->name = strdup(name);
  for (int i = 0; i < count; ++i) {
    strcat(p->headers, names[i]);
    strcat(p->headers, "=");
    strcat(p->headers, headers[i]);
    strcat(p->headers, ";");
  }
  *program = p;
  return SUCCESS;
}

int nvrtcDestroyProgram(Program** program) {
  Program* p = *program;
  free(p->source);
  free(p->name);
  free(p->log);
  free(p->ptx);
  free(p->cubin);
  free(p);
  *program = NULL;
  return SUCCESS;
}

int nvrtcAddNameExpression(Program* p, const char* expression) {
  if (strcmp(expression, "refused") == 0) return NAME;
  strcat(p->names, expression);
  strcat(p->names, ";");
  return SUCCESS;
}

int nvrtcGetLoweredName(Program* p, const char* expression, const char** lowered) {
  snprintf(p->lowered, sizeof p->lowered, "_Z_%s", expression);
  *lowered = p->lowered;
  return SUCCESS;
}

#ifdef WITH_FLOW
int nvrtcSetFlowCallback(Program* p, Flow flow, void* payload) {
  p->flow = flow;
  p->payload = payload;
  return SUCCESS;
}
#endif

static int Sleep(const Program* p) {
  const struct timespec moment = {0, 1000 * 1000};
  for (long ms = NumberAfter(p, "FAKE_SLEEP_MS="); ms > 0; --ms) {
    nanosleep(&moment, NULL);
    if (finished) abort();
    if (p->flow != NULL && p->flow(p->payload, NULL) == 1) return CANCELLED;
  }
  return SUCCESS;
}

static void SetLog(Program* p, const char* words) {
  const char* end = strchr(words, '\n');
  p->log = end == NULL ? strdup(words) : strndup(words, (size_t)(end - words));
}

static int Run(Program* p, int count, const char* const* options, int beside) {
  char* ptx = NULL;
  FILE* out = open_memstream(&ptx, &p->ptx_bytes);
  int machine = 0;
  fprintf(out, "// name: %s\n// headers: %s\n// names: %s\n// beside: %d\n", p->name, p->headers,
          p->names, beside);
  for (int i = 0; i < count; ++i) {
    fprintf(out, "// option: %s\n", options[i]);
    machine |= strncmp(options[i], "--gpu-architecture=sm_", 22) == 0;
    if (strcmp(options[i], "--unknown") == 0) SetLog(p, "unrecognized option --unknown");
  }
  for (long i = NumberAfter(p, "FAKE_BYTES="); i > 0; --i) fputc('/', out);
  fputc('\0', out);
  fclose(out);
  p->ptx = ptx;
  if (p->log != NULL) return INVALID_OPTION;
#ifdef NEEDS_BUILTINS
  const char* builtins = "libnvrtc-builtins.so." TEXT(MAJOR) "." TEXT(MINOR);
  if (dlopen(builtins, RTLD_LAZY | RTLD_NOLOAD) == NULL) return BUILTINS;
#endif
  if (machine) {
    p->cubin_bytes = 8;
    p->cubin = strdup("\177ELFfake");
  }
  const char* log = After(p, "FAKE_LOG=");
  if (log != NULL) SetLog(p, log);
  const int slept = Sleep(p);
  return slept != SUCCESS ? slept : (int)NumberAfter(p, "FAKE_STATUS=");
}

int nvrtcCompileProgram(Program* p, int count, const char* const* options) {
  const int beside = atomic_fetch_add(&active, 1);
  if (NumberAfter(p, "FAKE_SIGNALS=") != 0) {
    struct sigaction action;
    sigaction(SIGTERM, NULL, &action);
    action.sa_flags &= ~(int)SA_RESETHAND;
    sigaction(SIGTERM, &action, NULL);
  }
  const int status = Run(p, count, options, beside);
  atomic_fetch_sub(&active, 1);
  return status;
}

int nvrtcGetProgramLogSize(Program* p, size_t* bytes) {
  *bytes = p->log == NULL ? 1 : strlen(p->log) + 1;
  return SUCCESS;
}

int nvrtcGetProgramLog(Program* p, char* log) {
  strcpy(log, p->log == NULL ? "" : p->log);
  return SUCCESS;
}

int nvrtcGetPTXSize(Program* p, size_t* bytes) {
  *bytes = p->ptx_bytes;
  return SUCCESS;
}

int nvrtcGetPTX(Program* p, char* ptx) {
  memcpy(ptx, p->ptx, p->ptx_bytes);
  return SUCCESS;
}

int nvrtcGetCUBINSize(Program* p, size_t* bytes) {
  *bytes = p->cubin_bytes;
  return SUCCESS;
}

#ifndef WITHOUT_CUBIN
int nvrtcGetCUBIN(Program* p, char* cubin) {
  memcpy(cubin, p->cubin, p->cubin_bytes);
  return SUCCESS;
}
#endif
