// SPDX-License-Identifier: MIT
// Elementwise passes and reductions over one row against scalar double loops.

#include "dormant/kernels/rows.hpp"

#include "dormant/kernels/reduce.hpp"
#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

/// Two rows x and y of `n` elements, with what a kernel must leave alone around them.
template <class T>
struct rows {
  explicit rows(std::size_t n) : x(1, n, 11), y(1, n, 12), out(1, n, 13) {}

  guarded<T> x, y, out;

  bool untouched() const {
    return x.padding_untouched() && y.padding_untouched() && out.padding_untouched();
  }
};

/// Runs `kernel(rows, n)` on copies, then compares element i of `where` with `want(x, y, i)`,
/// allowing `ulps` units in the last place of 1.
template <class T, class Kernel, class Where, class Want>
void check_elements(double ulps, Kernel kernel, Where where, Want want) {
  for (std::size_t n : odd_sizes) {
    rows<T> const before(n);
    rows<T> after(n);
    kernel(after, n);
    bool good = after.untouched();
    for (std::size_t i = 0; i != n; ++i) {
      double const x = static_cast<double>(before.x(0, i));
      double const y = static_cast<double>(before.y(0, i));
      double const wanted = want(x, y);
      good = good && close((after.*where)(0, i), wanted, std::max(1.0, std::abs(wanted)), ulps);
    }
    INFO("n " << n);
    CHECK(good);
  }
}

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

} // namespace

TEST_CASE("elementwise row kernels match scalar loops", "[kernels][rows]") {
  on_every_arch([]<class Arch, class T>() {
    using row = rows<T>;
    check_elements<T>(
        1, [](row& r, std::size_t n) { kernels::scale<Arch, T>(r.x.data(), n, T(3)); }, &row::x,
        [](double x, double) { return 3 * x; });
    check_elements<T>(
        1,
        [](row& r, std::size_t n) {
          kernels::add<Arch, T>(r.x.data(), r.y.data(), r.out.data(), n);
        },
        &row::out, [](double x, double y) { return x + y; });
    check_elements<T>(
        1, [](row& r, std::size_t n) { kernels::add_to<Arch, T>(r.x.data(), r.y.data(), n); },
        &row::x, [](double x, double y) { return x + y; });
    check_elements<T>(
        1,
        [](row& r, std::size_t n) {
          kernels::multiply_elements<Arch, T>(r.x.data(), r.y.data(), r.out.data(), n);
        },
        &row::out, [](double x, double y) { return x * y; });
    check_elements<T>(
        1, [](row& r, std::size_t n) { kernels::relu_scale<Arch, T>(r.x.data(), n, T(0.5)); },
        &row::x, [](double x, double) { return std::max(0.0, x) / 2; });
    check_elements<T>(
        4, [](row& r, std::size_t n) { kernels::sigmoid<Arch, T>(r.x.data(), n, T(-2)); }, &row::x,
        [](double x, double) { return 1 / (1 + std::exp(2 - x)); });
    check_elements<T>(
        2,
        [](row& r, std::size_t n) {
          kernels::sigmoid_gradient<Arch, T>(r.x.data(), r.y.data(), n);
        },
        &row::y, [](double x, double y) { return y * x * (1 - x); });
  });
}

TEST_CASE("row reductions match scalar loops", "[kernels][rows]") {
  on_every_arch([]<class Arch, class T>() {
    CHECK(kernels::max_of<Arch, T>(static_cast<T const*>(nullptr), 0) == -infinity<T>);
    CHECK(kernels::sum_of<Arch, T>(static_cast<T const*>(nullptr), 0) == T(0));
    for (std::size_t n : odd_sizes) {
      INFO("n " << n);
      rows<T> r(n);
      double largest = -2;
      double sum = 0;
      double dot = 0;
      double squares = 0;
      double sum_exp = 0;
      for (std::size_t i = 0; i != n; ++i) {
        double const x = static_cast<double>(r.x(0, i));
        largest = std::max(largest, x);
        sum += x;
        dot += x * static_cast<double>(r.y(0, i));
        squares += x * x;
        sum_exp += std::exp(x - 1);
      }
      auto const size = static_cast<double>(n);
      CHECK(kernels::max_of<Arch, T>(r.x.data(), n) == static_cast<T>(largest));
      CHECK(close(kernels::sum_of<Arch, T>(r.x.data(), n), sum, size, 2));
      CHECK(close(kernels::dot<Arch, T>(r.x.data(), r.y.data(), n), dot, size, 2));
      CHECK(close(kernels::square_sum<Arch, T>(r.x.data(), n), squares, size, 2));
      CHECK(close(kernels::sum_exp_minus<Arch, T>(r.x.data(), n, T(1)), sum_exp, size, 4));
      CHECK(r.untouched());

      rows<T> const before = r;
      T const total = kernels::exp_minus<Arch, T>(r.x.data(), n, T(1));
      CHECK(total == kernels::sum_exp_minus<Arch, T>(before.x.view().data, n, T(1)));
      bool good = r.untouched();
      for (std::size_t i = 0; i != n; ++i)
        good = good && close(r.x(0, i), std::exp(static_cast<double>(before.x(0, i)) - 1), 1, 3);
      CHECK(good);
    }
  });
}

TEST_CASE("the gradient through softmax matches scalar loops", "[kernels][rows]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      rows<T> r(n);
      rows<T> const before = r;
      double dot = 0;
      for (std::size_t i = 0; i != n; ++i)
        dot += static_cast<double>(r.x(0, i)) * static_cast<double>(r.y(0, i));
      T const mean = kernels::softmax_gradient<Arch, T>(r.x.data(), r.y.data(), n);
      auto const size = static_cast<double>(n);
      bool good = r.untouched() && close(mean, dot, size, 2);
      for (std::size_t i = 0; i != n; ++i)
        good = good && close(r.y(0, i),
                             static_cast<double>(before.x(0, i)) *
                                 (static_cast<double>(before.y(0, i)) - dot),
                             size, 4);
      INFO("n " << n);
      CHECK(good);
    }
  });
}

TEST_CASE("exp is accurate, and exact at its ends", "[kernels][rows]") {
  on_every_arch([]<class Arch, class T>() {
    bool const single = std::is_same_v<T, float>;
    double const reach = single ? 87 : 708;
    double worst = 0;
    for (double at = -reach; at <= reach; at += reach / 5000) {
      T x = static_cast<T>(at);
      double const want = std::exp(static_cast<double>(x));
      kernels::exp_minus<Arch, T>(&x, 1, T(0));
      worst = std::max(worst, std::abs(static_cast<double>(x) - want) / want);
    }
    CHECK(worst <= 3 * static_cast<double>(std::numeric_limits<T>::epsilon()));

    T const ends[] = {
        T(0),   -T(0),    -infinity<T>, T(-1e4),         T(-1e30),
        T(1e4), T(-1000), infinity<T>,  not_a_number<T>, std::numeric_limits<T>::lowest()};
    T const want[] = {T(1), T(1), T(0), T(0), T(0), infinity<T>, T(0), infinity<T>, not_a_number<T>,
                      T(0)};
    for (std::size_t i = 0; i != std::size(ends); ++i) {
      INFO("exp(" << ends[i] << ")");
      T filled[40];
      std::fill(std::begin(filled), std::end(filled), ends[i]);
      kernels::exp_minus<Arch, T>(filled, std::size(filled), T(0));
      for (T found : filled)
        CHECK((found == want[i] || (std::isnan(found) && std::isnan(want[i]))));
    }
    // Between the smallest normal number and 0 the result is never negative, infinite or large.
    for (double at = -reach; at >= -1.2 * reach; at -= reach / 3000) {
      T x = static_cast<T>(at);
      kernels::exp_minus<Arch, T>(&x, 1, T(0));
      CHECK((x >= T(0) && x <= std::numeric_limits<T>::min() * T(4)));
    }
  });
}

TEST_CASE("sigmoid and relu at their ends", "[kernels][rows]") {
  on_every_arch([]<class Arch, class T>() {
    T x[] = {T(-1e30), T(1e30), -infinity<T>, infinity<T>, not_a_number<T>, T(0), T(-200), T(200)};
    kernels::sigmoid<Arch, T>(x, std::size(x), T(0));
    CHECK((x[0] == T(0) && x[1] == T(1) && x[2] == T(0) && x[3] == T(1)));
    CHECK((std::isnan(x[4]) && x[5] == T(0.5) && x[6] < T(1e-30) && x[7] == T(1)));
    T y[] = {T(-1), not_a_number<T>, infinity<T>, -infinity<T>, T(3)};
    kernels::relu_scale<Arch, T>(y, std::size(y), T(2));
    CHECK((y[0] == T(0) && std::isnan(y[1]) && y[2] == infinity<T> && y[3] == T(0)));
    CHECK(y[4] == T(6));
  });
}

TEST_CASE("all_finite notices one bad element anywhere", "[kernels][rows]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      guarded<T> x(1, n, 5);
      CHECK(kernels::all_finite<Arch, T>(x.data(), n));
      bool noticed = true;
      for (std::size_t i = 0; i != n; ++i)
        for (T bad : {not_a_number<T>, infinity<T>, -infinity<T>}) {
          T const old = std::exchange(x(0, i), bad);
          noticed = noticed && !kernels::all_finite<Arch, T>(x.data(), n);
          x(0, i) = old;
        }
      CHECK(noticed);
      x(0, 0) = std::numeric_limits<T>::max();
      CHECK(kernels::all_finite<Arch, T>(x.data(), n));
    }
  });
}

TEST_CASE("shards reduce in a fixed tree and are cleared", "[kernels][reduce]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3},
                              std::size_t{8}, std::size_t{13}})
      for (std::size_t n : {std::size_t{1}, std::size_t{67}, std::size_t{2049}}) {
        INFO(count << " shards of " << n);
        std::vector<guarded<T>> shards;
        for (std::size_t s = 0; s != count; ++s)
          shards.emplace_back(1, n, static_cast<std::uint32_t>(100 + s));
        std::vector<T*> pointers;
        for (auto& shard : shards) pointers.push_back(shard.data());
        auto const before = shards;
        guarded<T> out(1, n, 7);
        CHECK(kernels::reduce_shards<Arch, T>(pointers.data(), count, out.data(), n));
        bool good = out.padding_untouched();
        for (std::size_t i = 0; i != n; ++i) {
          double sum = 0;
          for (auto const& shard : before) sum += static_cast<double>(shard(0, i));
          good = good && close(out(0, i), sum, static_cast<double>(count) + 1, 2);
          for (auto const& shard : shards) good = good && shard(0, i) == T(0);
        }
        for (auto const& shard : shards) good = good && shard.padding_untouched();
        CHECK(good);

        if (count == 0) continue;
        shards[count - 1](0, n - 1) = not_a_number<T>;
        CHECK_FALSE(kernels::reduce_shards<Arch, T>(pointers.data(), count, out.data(), n));
      }
  });
}
