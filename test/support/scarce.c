// In front of the C library (LD_PRELOAD), and an addon that controls it: memory and threads that
// nodecuda's own code asks for are refused when the test says so. See
// test/worker/resources.test.ts.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct napi_env_s* napi_env;
typedef struct napi_value_s* napi_value;
typedef struct napi_info_s* napi_info;
typedef napi_value (*napi_callback)(napi_env, napi_info);
int napi_get_cb_info(napi_env, napi_info, size_t*, napi_value*, napi_value*, void**);
int napi_get_value_uint32(napi_env, napi_value, unsigned*);
int napi_get_value_bool(napi_env, napi_value, bool*);
int napi_create_uint32(napi_env, unsigned, napi_value*);
int napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
int napi_set_named_property(napi_env, napi_value, const char*, napi_value);

static __thread unsigned fail_from, asked;
static __thread bool here;
static volatile bool fail_elsewhere, refuse_threads;

// Whether the code at `caller` is nodecuda's, to which the C++ library is linked statically.
static bool IsOurs(void* caller) {
  Dl_info info;
  return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
         strstr(info.dli_fname, "/nodecuda.") != NULL;
}

extern void* __libc_malloc(size_t);

void* malloc(size_t bytes) {
  if (fail_elsewhere && !here && IsOurs(__builtin_return_address(0))) {
    errno = ENOMEM;
    return NULL;
  }
  if (fail_from != 0 && IsOurs(__builtin_return_address(0))) {
    if (++asked >= fail_from) {
      errno = ENOMEM;
      return NULL;
    }
  }
  return __libc_malloc(bytes);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) {
  typedef int (*Create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static Create create;
  if (refuse_threads && IsOurs(__builtin_return_address(0))) {
    return EAGAIN;
  }
  if (create == NULL) {
    create = (Create)dlsym(RTLD_NEXT, "pthread_create");
  }
  return create(thread, attributes, run, argument);
}

static napi_value FailFrom(napi_env env, napi_info info) {
  size_t count = 1;
  napi_value value;
  unsigned nth = 0;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  napi_get_value_uint32(env, value, &nth);
  asked = 0;
  fail_from = nth;
  return NULL;
}

static napi_value Asked(napi_env env, napi_info info) {
  napi_value value;
  (void)info;
  napi_create_uint32(env, asked, &value);
  return value;
}

static bool BoolOf(napi_env env, napi_info info) {
  size_t count = 1;
  napi_value value;
  bool yes = false;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  napi_get_value_bool(env, value, &yes);
  return yes;
}

static napi_value FailElsewhere(napi_env env, napi_info info) {
  here = true;
  fail_elsewhere = BoolOf(env, info);
  return NULL;
}

static napi_value RefuseThreads(napi_env env, napi_info info) {
  refuse_threads = BoolOf(env, info);
  return NULL;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, NULL, 0, FailFrom, NULL, &function);
  napi_set_named_property(env, exports, "failFrom", function);
  napi_create_function(env, NULL, 0, Asked, NULL, &function);
  napi_set_named_property(env, exports, "asked", function);
  napi_create_function(env, NULL, 0, FailElsewhere, NULL, &function);
  napi_set_named_property(env, exports, "failElsewhere", function);
  napi_create_function(env, NULL, 0, RefuseThreads, NULL, &function);
  napi_set_named_property(env, exports, "refuseThreads", function);
  return exports;
}
