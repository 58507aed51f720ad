#include "simulator/exec/warp/warp.h"

#include <doctest/doctest.h>

// The fragments of a warp by themselves.
namespace nodecuda::simulator {
namespace {

using State = Fragment::State;

TEST_CASE("fragments: the lowest pc runs first, up to where the next one stands") {
  Warp warp;
  warp.Start(kFullMask);
  Cursor at;
  REQUIRE(warp.Take(&at));
  CHECK(at.mask == kFullMask);
  CHECK(at.limit == ~0u);
  warp.Put(9, 0x0f);
  warp.Put(4, 0xf0);
  warp.Put(6, 0xf00);
  REQUIRE(warp.Take(&at));
  CHECK(at.pc == 4);
  CHECK(at.mask == 0xf0);
  CHECK(at.limit == 6);
  warp.Put(6, at.mask);  // they meet
  REQUIRE(warp.Take(&at));
  CHECK(at.pc == 6);
  CHECK(at.mask == 0xff0);
  CHECK(at.limit == 9);
}

TEST_CASE("fragments: waiting ones neither run nor meet others until they are woken") {
  Warp warp;
  warp.Start(kFullMask);
  Cursor at;
  REQUIRE(warp.Take(&at));
  warp.Put(5, 0xff, State::kAtBarrier, 1);
  warp.Put(5, 0xff00, State::kAtBarrier, 2);
  warp.Put(7, 0xffff0000);
  REQUIRE(warp.Take(&at));
  CHECK(at.pc == 7);
  CHECK(at.limit == ~0u);
  CHECK(!warp.HasReady());
  warp.Wake(State::kAtBarrier, 2);
  REQUIRE(warp.Take(&at));
  CHECK(at.mask == 0xff00);
  CHECK(!warp.Take(&at));
}

TEST_CASE("fragments: one that has had its turn runs again after the turn, with those it meets") {
  Warp warp;
  warp.Start(0xff);
  Cursor at;
  REQUIRE(warp.Take(&at));
  warp.Put(3, 0x0f, State::kRested);
  warp.Put(3, 0xf0);
  REQUIRE(warp.Take(&at));
  CHECK(at.mask == 0xf0);
  CHECK(!warp.Take(&at));
  warp.Put(3, 0xf0);
  CHECK(warp.WakeRested());
  REQUIRE(warp.Take(&at));
  CHECK(at.mask == 0xff);
  CHECK(!warp.WakeRested());
}

TEST_CASE("fragments: a warp sync is complete when its members have come or exited") {
  Warp warp;
  warp.Start(0xff);
  Cursor at;
  REQUIRE(warp.Take(&at));
  warp.Put(3, 0x03, State::kAtWarpSync, 0x1f);
  warp.Put(8, 0x04, State::kAtWarpSync, 0x1f);
  warp.WakeCompleteSyncs(nullptr);  // no collective waits
  CHECK(!warp.HasReady());
  warp.Exit(0x18);
  warp.WakeCompleteSyncs(nullptr);  // no collective waits
  REQUIRE(warp.Take(&at));
  CHECK(at.pc == 3);
  CHECK(at.limit == 8);
}

}  // namespace
}  // namespace nodecuda::simulator
