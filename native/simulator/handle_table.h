#ifndef NODECUDA_SIMULATOR_HANDLE_TABLE_H_
#define NODECUDA_SIMULATOR_HANDLE_TABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace nodecuda::simulator {

// Numbers for handles: never null, and never used twice in a process, so that a stale handle, one
// of another kind or one of another runtime is always recognised.
inline std::uintptr_t NextHandleValue() {
  static std::atomic<std::uintptr_t> next{1};
  return next.fetch_add(1) << 4;
}

// The objects behind the opaque handles of one kind. All members may be called from any thread.
template <typename Handle, typename Object>
class HandleTable {
 public:
  Handle Add(std::shared_ptr<Object> object) {
    const auto handle = reinterpret_cast<Handle>(NextHandleValue());
    std::lock_guard lock(mutex_);
    objects_.emplace(handle, std::move(object));
    return handle;
  }
  // Null for a handle that is not in the table.
  std::shared_ptr<Object> Find(Handle handle) const {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }
  std::shared_ptr<Object> Remove(Handle handle) {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return nullptr;
    std::shared_ptr<Object> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<Handle, std::shared_ptr<Object>> objects_;
};

}  // namespace nodecuda::simulator

#endif  // NODECUDA_SIMULATOR_HANDLE_TABLE_H_
