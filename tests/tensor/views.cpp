// SPDX-License-Identifier: MIT
// Views look through strides: reading and writing leave the padding between rows alone.
#include "dormant/tensor.hpp"

#include "catch.hpp"

#if __has_include(<xtensor/core/xmath.hpp>) // since 0.26
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#else
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#endif

#include <cstddef>
#include <utility>
#include <vector>

namespace {

using namespace dormant;

constexpr float padding = -7;

// [4, 5] in rows of 8: element (r, c) is 10 r + c.
struct padded_rows {
  std::vector<float> memory = std::vector<float>(32, padding);
  view<float, 2> v = make_matrix_view(memory.data(), 4, 5, 8);
  padded_rows() {
    for (std::size_t r = 0; r < 4; ++r) {
      for (std::size_t c = 0; c < 5; ++c) memory[8 * r + c] = static_cast<float>(10 * r + c);
    }
  }
  template <class F>
  bool elements_are(F f) const {
    for (std::size_t r = 0; r < 4; ++r) {
      for (std::size_t c = 0; c < 8; ++c) {
        float const expected = c < 5 ? f(static_cast<float>(10 * r + c)) : padding;
        if (memory[8 * r + c] != expected) return false;
      }
    }
    return true;
  }
};

} // namespace

TEST_CASE("view: writing touches the elements, all of them, and no padding") {
  padded_rows a, b, c, d, e, f, g;
  a.v.fill(3);
  CHECK(a.elements_are([](float) { return 3.F; }));
  b.v *= 2.F;
  CHECK(b.elements_are([](float x) { return 2 * x; }));
  c.v = c.v + 1.F;
  CHECK(c.elements_are([](float x) { return x + 1; }));
  d.v += d.v;
  CHECK(d.elements_are([](float x) { return 2 * x; }));
  xt::noalias(e.v) = 0.5F * e.v;
  CHECK(e.elements_are([](float x) { return x / 2; }));
  padded_rows const source;
  f.v.fill(0);
  f.v = source.v;
  CHECK(f.elements_are([](float x) { return x; }));
  for (float& x : g.v) x -= 4;
  CHECK(g.elements_are([](float x) { return x - 4; }));
}

TEST_CASE("view: reading sees the elements in row-major order") {
  padded_rows rows;
  auto const v = make_matrix_view<float const>(rows.memory.data(), 4, 5, 8);
  CHECK(v.shape(0) == 4);
  CHECK(v.shape(1) == 5);
  CHECK(v(2, 3) == 23);
  CHECK(xt::sum(v)() == 5 * (0 + 10 + 20 + 30) + 4 * 10);
  CHECK(xt::amin(v)() == 0);
  std::vector<float> const flat(v.begin(), v.end());
  REQUIRE(flat.size() == 20);
  CHECK(flat[5] == 10);
  tensor<float, 2> const copy = v;
  CHECK(copy(3, 4) == 34);
}

TEST_CASE("view: heads are columns, and a grid has rows within rows") {
  std::vector<float> memory(64);
  for (std::size_t i = 0; i < 64; ++i) memory[i] = static_cast<float>(i);
  auto const heads = make_view<float const, 3>(memory.data(), {4, 2, 3}, {16, 3, 1}); // [T, H, D]
  CHECK(heads(3, 1, 2) == 3 * 16 + 1 * 3 + 2);
  auto grid = make_view<float, 3>(memory.data(), {2, 3, 3}, {32, 8, 1}); // [H, T, T]
  grid.fill(0);
  CHECK(memory[32 + 8 + 2] == 0);
  CHECK(memory[32 + 8 + 3] == 43);
  CHECK(memory[3] == 3);
}

TEST_CASE("arena: zero-filled, aligned, copied by value, with readable slack") {
  arena<double> a(13);
  CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
  for (double const x : a.span()) CHECK(x == 0);
  a.data()[3] = 5;
  arena<double> b = a;
  b.data()[3] = 6;
  CHECK(a.data()[3] == 5);
  arena<double> const moved = std::move(b);
  CHECK(moved.data()[3] == 6);
  CHECK(moved.size() == 13);
  CHECK(moved.data()[13 + 15] == 0); // 128 bytes past the end
  CHECK(padded<float>(1) == 16);
  CHECK(padded<float>(16) == 16);
  CHECK(padded<double>(9) == 16);
}

TEST_CASE("arena: one that was moved from, or never had a size, is empty") {
  arena<float> a(7);
  a.data()[6] = 3;
  arena<float> b = std::move(a);
  CHECK(b.data()[6] == 3);
  CHECK(a.size() == 0);
  CHECK(a.span().empty());
  arena<float> const copy = a;
  CHECK(copy.size() == 0);
  std::vector<arena<float>> all(2);
  all.push_back(b);
  auto const copies = all;
  CHECK(copies[2].data()[6] == 3);
  CHECK(copies[0].size() == 0);
  a = b;
  auto& itself = a;
  a = itself;
  a = std::move(itself);
  CHECK(a.data()[6] == 3);
  a = arena<float>();
  CHECK(a.size() == 0);
}
