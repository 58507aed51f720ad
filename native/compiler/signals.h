#ifndef NODECUDA_COMPILER_SIGNALS_H_
#define NODECUDA_COMPILER_SIGNALS_H_

namespace nodecuda::compiler {

// NVRTC puts handlers of its own in place of the process's while it compiles, and puts those back
// without all of their flags (13.0 loses SA_RESETHAND of SIGINT and SIGTERM, without which
// Node.js's own handler raises the signal for ever). This puts back what was there when the first
// of several began, of NVRTC or another library that does so, once the last has ended; not what
// others have put there meanwhile.
class KeptSignals {
 public:
  // `function` is one of the library's.
  explicit KeptSignals(const void* function);
  ~KeptSignals();
  KeptSignals(const KeptSignals&) = delete;
  KeptSignals& operator=(const KeptSignals&) = delete;
};

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_SIGNALS_H_
