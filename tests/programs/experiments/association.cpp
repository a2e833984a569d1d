// SPDX-License-Identifier: MIT
// Rank correlations, their chance by permutation and Holm's correction, by hand.
#include "experiments/association.hpp"
#include "catch.hpp"

#include <cmath>
#include <vector>

using namespace paper;

TEST_CASE("association: ranks count from one and are shared by equal values") {
  CHECK(ranks_of({30, 10, 20}) == std::vector<double>{3, 1, 2});
  CHECK(ranks_of({5, 1, 5, 7}) == std::vector<double>{2.5, 1, 2.5, 4});
}

TEST_CASE("association: correlation of ranks does not mind how the axis is bent") {
  CHECK(rank_correlation({1, 2, 3, 4}, {1, 8, 27, 64}) == Approx(1));
  CHECK(rank_correlation({1, 2, 3, 4}, {9, 3, 1, -5}) == Approx(-1));
  // 1 - 6 (1 + 1 + 0 + 0) / (4 (16 - 1))
  CHECK(rank_correlation({1, 2, 3, 4}, {2, 1, 3, 4}) == Approx(0.8));
  CHECK(std::isnan(rank_correlation({1, 1, 1}, {1, 2, 3})));
}

TEST_CASE("association: what goes together is no chance, what does not is one") {
  std::vector<double> x, same, apart;
  for (int i = 0; i < 20; ++i) {
    x.push_back(i);
    same.push_back(i + (i % 3));
    apart.push_back(std::abs(i - 9.5) + 0.01 * ((i * 7) % 20)); // falls, then rises
  }
  auto const close = associate("same", x, same, 500);
  CHECK((close.low > 0.9 && close.rank <= 1 && close.low <= close.rank));
  CHECK(close.chance == Approx(1.0 / 501)); // no permutation does as well
  CHECK((close.first > 0.9 && close.second > 0.9));
  auto const none = associate("apart", x, apart, 500);
  CHECK(none.chance > 0.3);
  CHECK(none.chance < 1); // permutations differ
  CHECK((none.low < 0 && none.high > 0));
  CHECK(associate("constant", std::vector<double>(20, 3.0), same, 50).chance == 1);
}

TEST_CASE("association: Holm's correction counts the properties that were looked at") {
  std::vector<association> all(4);
  double const chances[] = {0.01, 0.04, 0.03, 0.9};
  for (std::size_t i = 0; i < all.size(); ++i) all[i].chance = chances[i];
  correct(all);
  CHECK(all[0].chance_of_all == Approx(0.04)); // 4 x 0.01
  CHECK(all[2].chance_of_all == Approx(0.09)); // 3 x 0.03
  CHECK(all[1].chance_of_all == Approx(0.09)); // 2 x 0.04 = 0.08, not below the one before
  CHECK(all[3].chance_of_all == Approx(0.9));
}
