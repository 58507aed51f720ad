#ifndef NODECUDA_COMPILER_LIBRARY_H_
#define NODECUDA_COMPILER_LIBRARY_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// Libraries that are opened at run time. They are never closed: threads of their own, and their
// destructors, may outlive us.
namespace nodecuda::compiler {

// Null if a file, or a name that the loader looks up, cannot be opened, and why.
void* OpenLibrary(const std::string& name, std::string* why);

// Null if the library has none of that name.
void* FindSymbol(void* library, const char* name) noexcept;

// The file that a symbol is of, without links; `otherwise` where that is not known.
struct LibraryFile {
  std::string path;    // without links
  std::string opened;  // as the loader knows it
};
LibraryFile FileOf(void* symbol, const std::string& otherwise);

// The file of a library that the process has loaded, by whomever, whose name begins with that;
// empty if there is none.
std::string LoadedPath(const std::string& beginning);

// A function of a library: looked up when it is first asked for, once.
template <class Function>
class Symbol {
 public:
  // `otherwise` is what it was called in libraries that lack the first name.
  explicit constexpr Symbol(const char* name, const char* otherwise = nullptr)
      : name_(name), otherwise_(otherwise) {}

  const char* name() const { return name_; }
  // Null if the library has none of that name.
  Function* In(void* library) const {
    if (!looked_up_.load(std::memory_order_acquire)) {
      void* found = FindSymbol(library, name_);
      if (found == nullptr && otherwise_ != nullptr) found = FindSymbol(library, otherwise_);
      found_.store(found, std::memory_order_relaxed);  // all threads find the same
      looked_up_.store(true, std::memory_order_release);
    }
    return reinterpret_cast<Function*>(found_.load(std::memory_order_relaxed));
  }

 private:
  const char* name_;
  const char* otherwise_;
  mutable std::atomic<bool> looked_up_{false};
  mutable std::atomic<void*> found_{nullptr};
};

// What came of looking for a library.
template <class Kind>
struct Search {
  const Kind* found = nullptr;
  std::vector<std::string> failures;  // why not, for each name before the one that was opened
};

// The library of the first of `names` that can be opened and used. An opened one is kept, and given
// again at once. Kind::Examine tells what it is, or why it cannot be used.
template <class Kind>
Search<Kind> Open(const std::vector<std::string>& names) {
  struct Opened {
    std::mutex mutex;
    std::vector<std::unique_ptr<Kind>> all;

    const Kind* One(const std::string& name, std::string* why) {
      void* library = OpenLibrary(name, why);
      if (library == nullptr) return nullptr;
      for (const auto& known : all) {
        if (known->library == library) return known.get();
      }
      std::unique_ptr<Kind> kind = Kind::Examine(library, name, why);
      if (kind == nullptr) return nullptr;
      all.push_back(std::move(kind));
      return all.back().get();
    }
  };
  // Shared by all environments and never destroyed.
  static auto* opened = new Opened;
  std::lock_guard lock(opened->mutex);
  Search<Kind> search;
  for (const std::string& name : names) {
    std::string why;
    search.found = opened->One(name, &why);
    if (search.found != nullptr) break;
    search.failures.push_back(std::move(why));
  }
  return search;
}

}  // namespace nodecuda::compiler

#endif  // NODECUDA_COMPILER_LIBRARY_H_
