#include "ptx/scopes.h"

namespace nodecuda::ptx {

bool Scopes::Declare(std::string_view name, Name meaning) {
  Scope& scope = scopes_.back();
  return FindRange(scope, name) == nullptr && scope.names.emplace(name, meaning).second;
}

bool Scopes::DeclareRegister(std::string_view name, Type type) {
  if (!Declare(name, {Kind::kRegister, function_.registers.size()})) return false;
  function_.registers.push_back({name, type});
  return true;
}

bool Scopes::DeclareRange(std::string_view prefix, std::uint64_t count, Type type) {
  return scopes_.back().ranges.emplace(prefix, Range{count, type}).second;
}

Scopes::Name Scopes::Find(std::string_view name) {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto found = scope->names.find(name); found != scope->names.end()) {
      return found->second;
    }
    if (const Range* range = FindRange(*scope, name)) {
      const Name meaning{Kind::kRegister, function_.registers.size()};
      function_.registers.push_back({name, range->type});
      scope->names.emplace(name, meaning);
      return meaning;
    }
  }
  return {};
}

Scopes::Name Scopes::FindHere(std::string_view name) const {
  const auto found = scopes_.back().names.find(name);
  return found == scopes_.back().names.end() ? Name{} : found->second;
}

// %r12 may be register 12 of %r<20> or 2 of %r1<5>: tries every cut through the last digits.
const Scopes::Range* Scopes::FindRange(const Scope& scope, std::string_view name) {
  if (scope.ranges.empty()) return nullptr;
  constexpr std::size_t kMostDigits = 8;  // more than any range has
  std::uint64_t number = 0;
  std::uint64_t place = 1;
  for (std::size_t digits = 1; digits <= kMostDigits && digits < name.size(); ++digits) {
    const char digit = name[name.size() - digits];
    if (digit < '0' || digit > '9') return nullptr;
    number += place * static_cast<std::uint64_t>(digit - '0');
    place *= 10;
    if (digit == '0' && digits > 1) continue;  // %r01 is not %r1
    const auto range = scope.ranges.find(name.substr(0, name.size() - digits));
    if (range != scope.ranges.end() && number < range->second.count) return &range->second;
  }
  return nullptr;
}

}  // namespace nodecuda::ptx
