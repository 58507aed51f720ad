#include "runtime/printf_fifo.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace nodecuda {
namespace {

void Add(PrintfFifo& fifo, std::vector<std::string> printed) {
  fifo.Add(printed);
}

TEST_CASE("printf FIFO: what was added, in order, once") {
  PrintfFifo fifo;
  CHECK(fifo.Take().empty());
  Add(fifo, {"a", "", "b\n"});
  Add(fifo, {});
  Add(fifo, {std::string("c\0d", 3)});
  CHECK(fifo.Take() == std::string("ab\nc\0d", 6));
  CHECK(fifo.Take().empty());
}

TEST_CASE("printf FIFO: the oldest calls are lost, and the text begins with how much") {
  PrintfFifo fifo;
  const std::string line(PrintfFifo::kEntryBytes, 'x');
  const std::size_t room = PrintfFifo::kBytes / (2 * PrintfFifo::kEntryBytes);
  Add(fifo, {"first", "second"});
  for (std::size_t i = 1; i < room; ++i) Add(fifo, {line});
  // Both of the short ones have gone for the last.
  Add(fifo, {line});
  std::string text = fifo.Take();
  const std::string note = text.substr(0, text.find('\n') + 1);
  CHECK(note ==
        "[nodecuda: 11 bytes of printf output were lost: 1 MiB is kept from one wait to the "
        "next]\n");
  CHECK(text.size() - note.size() == room * line.size());
  // Told once.
  Add(fifo, {"again"});
  CHECK(fifo.Take() == "again");
}

TEST_CASE("printf FIFO: more than it holds, at once") {
  PrintfFifo fifo;
  Add(fifo, {std::string(PrintfFifo::kBytes, 'x')});
  CHECK(fifo.Take().find("1048576 bytes of printf output") != std::string::npos);
  CHECK(fifo.Take().empty());
}

TEST_CASE("printf FIFO: what is added together stays together") {
  PrintfFifo fifo;
  std::vector<std::thread> threads;
  for (const char* name : {"a", "b", "c"})
    threads.emplace_back([&fifo, name] {
      for (int i = 0; i < 1000; ++i) Add(fifo, {name, name, "\n"});
    });
  std::string text;
  for (std::thread& thread : threads) {
    text += fifo.Take();
    thread.join();
  }
  text += fifo.Take();
  REQUIRE(text.size() == 9000);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    CHECK(text[i] == text[i + 1]);
    CHECK(text[i + 2] == '\n');
  }
}

}  // namespace
}  // namespace nodecuda
