#include "resources/failure.h"

#include <new>
#include <stdexcept>
#include <system_error>

namespace nodecuda {

Failure CurrentFailure() noexcept {
  try {
    try {
      throw;
    } catch (const Failure& failure) {
      return failure;
    } catch (const std::system_error& error) {  // of std::thread; nothing else here throws it
      Failure failure(Failure::Kind::kCuda, "pthread_create", error.what());
      failure.status = Status::kOperatingSystem;
      return failure;
    } catch (const std::bad_alloc&) {
    } catch (const std::length_error&) {
    } catch (const std::exception& error) {
      return Failure(Failure::Kind::kInternal, error.what());
    }
  } catch (...) {
    // There was no memory for the words.
  }
  return Failure(Failure::Kind::kHostMemory, "malloc");
}

}  // namespace nodecuda
