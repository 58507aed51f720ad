// The line protocol of bench/peers/README.md, for peers written in C++.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

// The work cannot be done here: not an error.
class Skip : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `prepare OPERATION key=value ...`
class Request {
 public:
  explicit Request(std::istringstream& words) {
    words >> operation_;
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) throw std::runtime_error("not key=value: " + word);
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }

  const std::string& operation() const { return operation_; }

  std::string Text(const std::string& key, const std::string& fallback = "") const {
    const auto found = values_.find(key);
    return found == values_.end() ? fallback : found->second;
  }

  std::int64_t Int(const std::string& key, std::int64_t fallback) const {
    const auto found = values_.find(key);
    return found == values_.end() ? fallback : std::stoll(found->second);
  }

 private:
  std::string operation_;
  std::map<std::string, std::string> values_;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Prepare(const Request& request) = 0;
  // In nanoseconds, all together.
  virtual double Run(std::int64_t times) = 0;
  virtual double Sample(std::int64_t index) = 0;
  virtual void Release() = 0;
};

inline std::string Quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return quoted + '"';
}

inline std::string Samples(Handler& handler, const std::string& indices) {
  std::istringstream list(indices);
  std::string values;
  for (std::string index; std::getline(list, index, ',');) {
    const double value = handler.Sample(std::stoll(index));
    char text[32] = "null";
    if (std::isfinite(value)) std::snprintf(text, sizeof text, "%.17g", value);
    values += (values.empty() ? "" : ",") + std::string(text);
  }
  return "{\"values\":[" + values + "]}";
}

inline std::string Answer(Handler& handler, const std::string& line) {
  std::istringstream words(line);
  std::string verb;
  words >> verb;
  if (verb == "run") {
    std::int64_t times = 0;
    words >> times;
    return "{\"ns\":" + std::to_string(handler.Run(times)) + "}";
  }
  if (verb == "sample") {
    std::string indices;
    words >> indices;
    return Samples(handler, indices);
  }
  if (verb == "prepare") {
    handler.Release();
    handler.Prepare(Request(words));
    handler.Run(1);
  } else if (verb == "release") {
    handler.Release();
  } else {
    throw std::runtime_error("unknown request: " + verb);
  }
  return "{\"ok\":true}";
}

inline void Reply(const std::string& json) {
  std::cout << json << std::endl;
}

// `ready`: a JSON object of versions.
inline void Serve(Handler& handler, const std::string& ready) {
  Reply("{\"ready\":" + ready + "}");
  for (std::string line; std::getline(std::cin, line);) {
    try {
      Reply(Answer(handler, line));
    } catch (const Skip& skip) {
      Reply("{\"skip\":" + Quote(skip.what()) + "}");
    } catch (const std::exception& error) {
      Reply("{\"error\":" + Quote(error.what()) + "}");
    }
  }
}

// For main: what is thrown while the peer starts means that it is not there.
template <typename Start>
int Main(Start start) {
  try {
    start();
    return 0;
  } catch (const std::exception& error) {
    Reply("{\"skip\":" + Quote(error.what()) + "}");
    return 0;
  }
}

}  // namespace peer
