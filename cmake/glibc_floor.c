// Lets a binary linked against a new glibc run on an old one.
//
// The linker binds each call to the newest version of a symbol that the build machine has, so a
// plain build on glibc 2.36 asks for 2.35, although it uses nothing that 2.17 did not have:
// glibc 2.34 moved libdl, libpthread and librt into libc under new version names, 2.29 gave exp2
// and log2 cheaper error handling. The static libstdc++, libgcc and cudart, which we cannot compile
// again, ask for the new names too.
//
// So every reference to such a symbol, from whichever object or archive, is redirected
// (--wrap, see glibc_floor.cmake) to __wrap_<symbol> here, which jumps to the old version or does
// the same with older calls. An old glibc finds the old names in libdl, libpthread and librt: they
// are named as needed libraries; a new one keeps them as empty shells.
//
// The floor reached is checked by test/package/binary.test.ts. If it fails after a change, `objdump
// -T nodecuda.node` shows the new symbol: add it here.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

// __wrap_<name> jumps to <name>@<version>. A jump and not a call: dlopen looks at who called it.
// Each in a section of its own, so that the linker drops those that nobody uses.
// clang-format off
#define USE_OLD(name, version)                                       \
  __asm__(".pushsection .text.__wrap_" #name ", \"ax\", @progbits\n" \
          ".globl __wrap_" #name "\n"                                \
          ".hidden __wrap_" #name "\n"                               \
          ".type __wrap_" #name ", @function\n"                      \
          ".symver old_" #name ", " #name "@" version "\n"           \
          "__wrap_" #name ":\n"                                      \
          "  endbr64\n"                                              \
          "  jmp *old_" #name "@GOTPCREL(%rip)\n"                    \
          ".size __wrap_" #name ", . - __wrap_" #name "\n"           \
          ".popsection\n")
// clang-format on

// libdl
USE_OLD(dladdr, "GLIBC_2.2.5");
USE_OLD(dlclose, "GLIBC_2.2.5");
USE_OLD(dlerror, "GLIBC_2.2.5");
USE_OLD(dlmopen, "GLIBC_2.3.4");
USE_OLD(dlopen, "GLIBC_2.2.5");
USE_OLD(dlsym, "GLIBC_2.2.5");
USE_OLD(dlvsym, "GLIBC_2.2.5");
// librt
USE_OLD(shm_open, "GLIBC_2.2.5");
USE_OLD(shm_unlink, "GLIBC_2.2.5");
// libpthread
USE_OLD(__pthread_key_create, "GLIBC_2.2.5");
USE_OLD(pthread_attr_setstacksize, "GLIBC_2.2.5");
USE_OLD(pthread_condattr_setpshared, "GLIBC_2.2.5");
USE_OLD(pthread_create, "GLIBC_2.2.5");
USE_OLD(pthread_detach, "GLIBC_2.2.5");
USE_OLD(pthread_getspecific, "GLIBC_2.2.5");
USE_OLD(pthread_join, "GLIBC_2.2.5");
USE_OLD(pthread_key_create, "GLIBC_2.2.5");
USE_OLD(pthread_key_delete, "GLIBC_2.2.5");
USE_OLD(pthread_kill, "GLIBC_2.2.5");
USE_OLD(pthread_mutex_trylock, "GLIBC_2.2.5");
USE_OLD(pthread_mutexattr_destroy, "GLIBC_2.2.5");
USE_OLD(pthread_mutexattr_init, "GLIBC_2.2.5");
USE_OLD(pthread_mutexattr_setpshared, "GLIBC_2.2.5");
USE_OLD(pthread_mutexattr_settype, "GLIBC_2.2.5");
USE_OLD(pthread_once, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_destroy, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_init, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_rdlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_timedrdlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_timedwrlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_tryrdlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_trywrlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_unlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlock_wrlock, "GLIBC_2.2.5");
USE_OLD(pthread_rwlockattr_destroy, "GLIBC_2.2.5");
USE_OLD(pthread_rwlockattr_init, "GLIBC_2.2.5");
USE_OLD(pthread_rwlockattr_setpshared, "GLIBC_2.2.5");
USE_OLD(pthread_setspecific, "GLIBC_2.2.5");
USE_OLD(pthread_sigmask, "GLIBC_2.2.5");
USE_OLD(pthread_spin_destroy, "GLIBC_2.2.5");
USE_OLD(pthread_spin_init, "GLIBC_2.2.5");
USE_OLD(pthread_spin_lock, "GLIBC_2.2.5");
USE_OLD(pthread_spin_trylock, "GLIBC_2.2.5");
USE_OLD(pthread_spin_unlock, "GLIBC_2.2.5");
USE_OLD(sem_destroy, "GLIBC_2.2.5");
USE_OLD(sem_init, "GLIBC_2.2.5");
USE_OLD(sem_post, "GLIBC_2.2.5");
USE_OLD(sem_timedwait, "GLIBC_2.2.5");
USE_OLD(sem_trywait, "GLIBC_2.2.5");
USE_OLD(sem_wait, "GLIBC_2.2.5");
// libm: the old ones also set errno, which nobody reads
USE_OLD(exp2, "GLIBC_2.2.5");
USE_OLD(log2, "GLIBC_2.2.5");

// 2.32: a variable that says "no threads, atomics may be skipped". Node always has threads.
char __libc_single_threaded = 0;

// 2.30: waits on the clock the caller names. Without it, as libstdc++ did before: the same time
// from now on the wall clock; callers wait in a loop.
int __wrap_pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                  clockid_t clock, const struct timespec* until) {
  typedef int (*ClockWait)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
  static _Atomic(ClockWait) real;  // benign race: every thread finds the same
  ClockWait wait = real;
  if (wait == NULL) {
    wait = (ClockWait)dlsym(RTLD_DEFAULT, "pthread_cond_clockwait");
    real = wait;
  }
  if (wait != NULL) {
    return wait(condition, mutex, clock, until);
  }
  struct timespec now, wall;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &wall);
  wall.tv_sec += until->tv_sec - now.tv_sec;
  wall.tv_nsec += until->tv_nsec - now.tv_nsec;
  if (wall.tv_nsec >= 1000000000) {
    wall.tv_nsec -= 1000000000;
    ++wall.tv_sec;
  } else if (wall.tv_nsec < 0) {
    wall.tv_nsec += 1000000000;
    --wall.tv_sec;
  }
  return pthread_cond_timedwait(condition, mutex, &wall);
}

// 2.35: how libgcc finds the unwind table of a code address when an exception is thrown.
struct Search {
  uintptr_t pc;
  struct dl_find_object* found;
};

static int VisitObject(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size;
  struct Search* search = data;
  const ElfW(Phdr)* tables = NULL;
  uintptr_t begin = UINTPTR_MAX, end = 0;
  int hit = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* part = &info->dlpi_phdr[i];
    if (part->p_type == PT_LOAD) {
      uintptr_t first = info->dlpi_addr + part->p_vaddr;
      uintptr_t last = first + part->p_memsz;
      begin = first < begin ? first : begin;
      end = last > end ? last : end;
      hit |= search->pc >= first && search->pc < last;
    } else if (part->p_type == PT_GNU_EH_FRAME) {
      tables = part;
    }
  }
  if (!hit || tables == NULL) {
    return 0;
  }
  *search->found = (struct dl_find_object){
      .dlfo_map_start = (void*)begin,
      .dlfo_map_end = (void*)end,
      .dlfo_eh_frame = (void*)(info->dlpi_addr + tables->p_vaddr),
  };
  return 1;
}

int __wrap__dl_find_object(void* pc, struct dl_find_object* found) {
  struct Search search = {(uintptr_t)pc, found};
  return dl_iterate_phdr(VisitObject, &search) == 1 ? 0 : -1;
}
