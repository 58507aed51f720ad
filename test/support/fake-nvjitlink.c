// A stand-in for libnvJitLink, compiled by test/support/nvrtc.ts. Its options:
//
//   -fake-ptx=text    its "cubin" is that text
//   -fake-status=n    the link fails with that nvJitLinkResult; the log is what it was called with
//   -fake-unknown     is refused
//
//   -DMAJOR=12 -DMINOR=4   nvJitLinkVersion
//   -DOLD                  has the names of 12.1 alone, as libraries before 12.3
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MAJOR
#define MAJOR 12
#define MINOR 4
#endif

#ifdef OLD
#define NAME(function) __nvJitLink##function##_12_0
int __nvJitLinkCreate_12_1(void) {
  return 0;
}
#else
#define NAME(function) nvJitLink##function
int nvJitLinkVersion(unsigned* major, unsigned* minor) {
  *major = MAJOR;
  *minor = MINOR;
  return 0;
}
#endif

typedef struct {
  char called[4096];
  const char* ptx;
  int status;
} Link;

int NAME(Create)(Link** link, uint32_t count, const char* const* options) {
  Link* l = *link = calloc(1, sizeof *l);
  for (uint32_t i = 0; i < count; ++i) {
    if (strncmp(options[i], "-fake-ptx=", 10) == 0) {
      l->ptx = strdup(options[i] + 10);
    } else if (strncmp(options[i], "-fake-status=", 13) == 0) {
      l->status = atoi(options[i] + 13);
    }
    if (strcmp(options[i], "-fake-unknown") == 0) return 1;
    snprintf(l->called + strlen(l->called), 256, "%.200s;", options[i]);
  }
  return 0;
}

int NAME(Destroy)(Link** link) {
  free((char*)(*link)->ptx);
  free(*link);
  *link = NULL;
  return 0;
}

int NAME(AddData)(Link* l, int kind, const void* data, size_t bytes, const char* name) {
  const unsigned char* first = data;
  snprintf(l->called + strlen(l->called), 256, "%d %s %zu %02x;", kind, name, bytes, first[0]);
  return 0;
}

int NAME(Complete)(Link* l) {
  return l->status;
}

int NAME(GetErrorLogSize)(Link* l, size_t* bytes) {
  *bytes = l->status == 0 ? 0 : strlen(l->called) + 1;
  return 0;
}

int NAME(GetErrorLog)(Link* l, char* log) {
  strcpy(log, l->called);
  return 0;
}

int NAME(GetInfoLogSize)(Link* l, size_t* bytes) {
  (void)l;
  *bytes = 0;
  return 0;
}

int NAME(GetInfoLog)(Link* l, char* log) {
  (void)l;
  (void)log;
  return 0;
}

int NAME(GetLinkedCubinSize)(Link* l, size_t* bytes) {
  *bytes = strlen(l->ptx);
  return 0;
}

int NAME(GetLinkedCubin)(Link* l, char* cubin) {
  memcpy(cubin, l->ptx, strlen(l->ptx));
  return 0;
}
