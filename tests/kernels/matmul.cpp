// SPDX-License-Identifier: MIT
// Every matrix product against plain double loops, with NaN in all padding of all operands.

#include "dormant/kernels/causal_matmul.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

/// A packed operand followed by the slack any operand has, full of NaN before it is packed.
template <class Arch, class T>
std::vector<T> packed(std::size_t k, std::size_t n) {
  return std::vector<T>(kernels::packed_size<Arch, T>(k, n) + 128 / sizeof(T),
                        std::numeric_limits<T>::quiet_NaN());
}

/// One element of a product in double: its value, and the sum of the sizes of its terms, to which
/// rounding is proportional. A chain of k operations errs by at most about k units of that sum.
struct chain {
  double value = 0;
  double size = 0;

  void add(double a, double b) {
    value += a * b;
    size += std::abs(a * b);
  }

  template <class T>
  bool near(T found, std::size_t depth) const {
    return close(found, value, size + 1e-300, static_cast<double>(depth) + 4);
  }
};

/// All chains of C [M, N] = A B, for a(i, l) and b(l, j).
template <class A, class B>
std::vector<chain> chains(std::size_t m, std::size_t k, std::size_t n, A a, B b) {
  std::vector<chain> all(m * n);
  for (std::size_t i = 0; i != m; ++i)
    for (std::size_t l = 0; l != k; ++l)
      for (std::size_t j = 0; j != n; ++j)
        all[i * n + j].add(static_cast<double>(a(i, l)), static_cast<double>(b(l, j)));
  return all;
}

template <class T>
bool same_elements(guarded<T> const& x, guarded<T> const& y) {
  auto const v = x.view();
  bool same = x.padding_untouched() && y.padding_untouched();
  for (std::size_t i = 0; i != v.rows; ++i)
    for (std::size_t j = 0; j != v.cols; ++j) same = same && x(i, j) == y(i, j);
  return same;
}

struct product_shape {
  std::size_t m, k, n;
};

/// Every size in every place, in a quarter of the combinations.
std::vector<product_shape> product_shapes() {
  std::vector<product_shape> shapes;
  std::size_t const count = std::size(odd_sizes);
  for (std::size_t i = 0; i != count; ++i)
    for (std::size_t j = i % 4; j < count; j += 4)
      shapes.push_back({odd_sizes[i], odd_sizes[(i + 2 * j) % count], odd_sizes[j]});
  return shapes;
}

/// P [T, T] with zeros above the diagonal, as attention patterns are.
template <class T>
guarded<T> causal_pattern(std::size_t size, std::uint32_t seed) {
  guarded<T> p(size, size, seed);
  for (std::size_t i = 0; i != size; ++i)
    for (std::size_t j = i + 1; j != size; ++j) p(i, j) = T(0);
  return p;
}

/// Sequence lengths for the causal products: ragged, and past one block of repacked rows.
constexpr std::size_t causal_sizes[] = {1, 2, 7, 9, 16, 33, 67, 100, 263};

} // namespace

TEST_CASE("A B with every epilogue matches double loops", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    for (auto const [m, k, n] : product_shapes()) {
      guarded<T> a(m, k, 1);
      guarded<T> b(k, n, 2);
      guarded<T> old(m, n, 3);
      guarded<T> mask(m, n, 4);
      auto weights = packed<Arch, T>(k, n);
      kernels::pack<Arch, T>(b.view(), weights.data());
      auto const all = chains(m, k, n, a, b);
      for (auto how : {kernels::finish::store, kernels::finish::accumulate, kernels::finish::relu,
                       kernels::finish::where_positive}) {
        T const scale(0.5);
        guarded<T> c = old;
        kernels::multiply<Arch, T>(a.view(), weights.data(), c.view(),
                                   {.how = how, .scale = scale, .mask = mask.view()});
        bool good = c.padding_untouched();
        for (std::size_t i = 0; i != m; ++i)
          for (std::size_t j = 0; j != n; ++j) {
            chain want = all[i * n + j];
            want.value *= static_cast<double>(scale);
            if (how == kernels::finish::accumulate) want.add(static_cast<double>(old(i, j)), 1);
            if (how == kernels::finish::relu) want.value = std::max(0.0, want.value);
            if (how == kernels::finish::where_positive && !(mask(i, j) > 0)) want = {};
            good = good && want.near(c(i, j), k);
          }
        INFO("M " << m << ", K " << k << ", N " << n << ", finish " << static_cast<int>(how));
        CHECK(good);
      }
    }
  });
}

TEST_CASE("A B^T is A times the transposed packing", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    for (auto const [m, k, n] : product_shapes()) {
      guarded<T> b(k, n, 2);
      guarded<T> bt(n, k, 0);
      for (std::size_t l = 0; l != k; ++l)
        for (std::size_t j = 0; j != n; ++j) bt(j, l) = b(l, j);
      auto straight = packed<Arch, T>(k, n);
      auto turned = packed<Arch, T>(k, n);
      kernels::pack<Arch, T>(b.view(), straight.data());
      kernels::pack_transposed<Arch, T>(bt.view(), turned.data());
      bool same = true;
      for (std::size_t i = 0; i != kernels::packed_size<Arch, T>(k, n); ++i)
        same = same && straight[i] == turned[i];
      INFO("K " << k << ", N " << n);
      CHECK(same);
    }
  });
}

TEST_CASE("a row of A B has the same bits alone and among others", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : {std::size_t{9}, std::size_t{67}, std::size_t{128}}) {
      std::size_t const m = 21;
      std::size_t const k = 67;
      guarded<T> a(m, k, 1);
      guarded<T> b(k, n, 2);
      auto weights = packed<Arch, T>(k, n);
      kernels::pack<Arch, T>(b.view(), weights.data());
      for (auto how : {kernels::finish::store, kernels::finish::accumulate}) {
        guarded<T> together(m, n, 3);
        guarded<T> alone = together;
        kernels::multiply<Arch, T>(a.view(), weights.data(), together.view(), {.how = how});
        bool same = true;
        for (std::size_t i = 0; i != m; ++i) {
          auto const stride = a.view().stride;
          kernels::multiply<Arch, T>({a.data() + i * stride, 1, k, stride}, weights.data(),
                                     {&alone(i, 0), 1, n, alone.view().stride}, {.how = how});
          for (std::size_t j = 0; j != n; ++j) same = same && together(i, j) == alone(i, j);
        }
        INFO("N " << n);
        CHECK(same);
      }
    }
  });
}

TEST_CASE("C += A^T B matches double loops", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    auto shapes = product_shapes();
    shapes.push_back({17, 531, 9});   // several blocks of rows
    shapes.push_back({1031, 3, 300}); // rows a page apart, several groups of strips and blocks of B
    shapes.push_back({1025, 259, 5});
    shapes.push_back({515, 259, 40}); // rows half a page apart
    // So many panels that all strips are packed once; two blocks of rows, and more than one strip.
    shapes.push_back({13, 259, 64 * kernels::tile_cols<Arch, T> + 3});
    for (auto const [m, r, n] : shapes) {
      guarded<T> a(r, m, 1);
      guarded<T> b(r, n, 2);
      guarded<T> old(m, n, 3);
      guarded<T> c = old;
      kernels::multiply_transposed<Arch, T>(a.view(), b.view(), c.view());
      auto all = chains(
          m, r, n, [&](std::size_t i, std::size_t l) { return a(l, i); }, b);
      bool good = c.padding_untouched();
      for (std::size_t i = 0; i != m; ++i)
        for (std::size_t j = 0; j != n; ++j) {
          all[i * n + j].add(static_cast<double>(old(i, j)), 1);
          good = good && all[i * n + j].near(c(i, j), r);
        }
      INFO("M " << m << ", R " << r << ", N " << n);
      CHECK(good);
    }
  });
}

TEST_CASE("no bit of a product depends on the caches", "[kernels][matmul]") {
  kernels::cache_sizes const small{.l1 = 4096, .l2 = 16384};
  kernels::cache_sizes const large{.l1 = 1 << 20, .l2 = 1 << 24};
  on_every_arch([&]<class Arch, class T>() {
    for (auto const [m, k, n] : {product_shape{67, 33, 201}, {131, 300, 50}, {1033, 20, 130}}) {
      guarded<T> a(m, k, 1);
      guarded<T> b(k, n, 2);
      auto weights = packed<Arch, T>(k, n);
      kernels::pack<Arch, T>(b.view(), weights.data());
      for (auto how : {kernels::finish::accumulate, kernels::finish::where_positive}) {
        guarded<T> mask(m, n, 4);
        guarded<T> c(m, n, 3);
        guarded<T> d = c;
        kernels::epilogue<T> const e{.how = how, .mask = mask.view()};
        kernels::multiply<Arch, T>(a.view(), weights.data(), c.view(), e, &small);
        kernels::multiply<Arch, T>(a.view(), weights.data(), d.view(), e, &large);
        INFO("A B, M " << m << ", K " << k << ", N " << n);
        CHECK(same_elements(c, d));
      }
      guarded<T> at(k, m, 5);
      guarded<T> c(m, n, 3);
      guarded<T> d = c;
      kernels::multiply_transposed<Arch, T>(at.view(), b.view(), c.view(), &small);
      kernels::multiply_transposed<Arch, T>(at.view(), b.view(), d.view(), &large);
      INFO("A^T B, M " << m << ", R " << k << ", N " << n);
      CHECK(same_elements(c, d));
    }
  });
}

TEST_CASE("causal scores match double loops on and below the diagonal", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t size : causal_sizes)
      for (std::size_t depth : {std::size_t{1}, std::size_t{13}}) {
        guarded<T> q(size, depth, 1);
        guarded<T> k(size, depth, 2);
        guarded<T> s(size, size, 3);
        auto keys = packed<Arch, T>(depth, size);
        kernels::pack_transposed<Arch, T>(k.view(), keys.data());
        kernels::causal_scores<Arch, T>(q.view(), keys.data(), s.view(), T(0.25));
        auto all =
            chains(size, depth, size, q, [&](std::size_t l, std::size_t j) { return k(j, l); });
        bool good = s.padding_untouched();
        for (std::size_t i = 0; i != size; ++i)
          for (std::size_t j = 0; j <= i; ++j) {
            all[i * size + j].value /= 4;
            good = good && all[i * size + j].near(s(i, j), depth);
          }
        INFO("T " << size << ", D " << depth);
        CHECK(good);
      }
  });
}

TEST_CASE("causal mixing and its transpose match double loops", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t size : causal_sizes)
      for (std::size_t depth : {std::size_t{3}, std::size_t{17}, std::size_t{40}}) {
        guarded<T> p = causal_pattern<T>(size, 1);
        guarded<T> v(size, depth, 2);
        guarded<T> z(size, depth, 3);
        guarded<T> dv(size, depth, 4);
        kernels::causal_mix<Arch, T>(p.view(), v.view(), z.view(), T(0.5));
        kernels::causal_mix_transposed<Arch, T>(p.view(), v.view(), dv.view(), T(2));
        auto mixed = chains(size, size, depth, p, v);
        auto turned = chains(
            size, size, depth, [&](std::size_t i, std::size_t l) { return p(l, i); }, v);
        bool good = z.padding_untouched() && dv.padding_untouched();
        for (std::size_t i = 0; i != size; ++i)
          for (std::size_t j = 0; j != depth; ++j) {
            mixed[i * depth + j].value *= 0.5;
            turned[i * depth + j].value *= 2;
            turned[i * depth + j].size *= 2;
            good = good && mixed[i * depth + j].near(z(i, j), size) &&
                   turned[i * depth + j].near(dv(i, j), size);
          }
        INFO("T " << size << ", D " << depth);
        CHECK(good);
      }
  });
}

TEST_CASE("a mixed row has the same bits in a longer sequence", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    std::size_t const size = 263;
    std::size_t const depth = 33;
    guarded<T> p = causal_pattern<T>(size, 1);
    guarded<T> v(size, depth, 2);
    guarded<T> z(size, depth, 3);
    kernels::causal_mix<Arch, T>(p.view(), v.view(), z.view());
    for (std::size_t shorter : {std::size_t{1}, std::size_t{60}, std::size_t{259}}) {
      guarded<T> y(shorter, depth, 4);
      kernels::causal_mix<Arch, T>({p.data(), shorter, shorter, p.view().stride},
                                   {v.data(), shorter, depth, v.view().stride}, y.view());
      bool same = true;
      for (std::size_t i = 0; i != shorter; ++i)
        for (std::size_t j = 0; j != depth; ++j) same = same && y(i, j) == z(i, j);
      INFO("T " << shorter);
      CHECK(same);
    }
  });
}

TEST_CASE("NaN in A or B reaches C", "[kernels][matmul]") {
  on_every_arch([]<class Arch, class T>() {
    guarded<T> a(9, 9, 1);
    guarded<T> b(9, 9, 2);
    a(3, 4) = std::numeric_limits<T>::quiet_NaN();
    auto weights = packed<Arch, T>(9, 9);
    kernels::pack<Arch, T>(b.view(), weights.data());
    for (auto how : {kernels::finish::store, kernels::finish::accumulate, kernels::finish::relu}) {
      guarded<T> c(9, 9, 3);
      kernels::multiply<Arch, T>(a.view(), weights.data(), c.view(), {.how = how});
      bool good = true;
      for (std::size_t i = 0; i != 9; ++i)
        for (std::size_t j = 0; j != 9; ++j) good = good && std::isnan(c(i, j)) == (i == 3);
      CHECK(good);
    }
  });
}
