// SPDX-License-Identifier: MIT
// The probes of all ranks' shards, as bytes, so that every rank merges what one process would
// merge, in the order of the shards.
#pragma once

#include "dormant/mpi/group.hpp"
#include "dormant/mpi/shares.hpp"
#include "dormant/probe/bytes.hpp"

#include <climits>
#include <cstddef>
#include <exception>
#include <vector>

namespace dormant::mpi::detail {

class probe_exchange {
public:
  explicit probe_exchange(group& all) : all_(all), from_(all.ranks()) {}

  /// How many probes listen; a sentence for those whose findings cannot travel.
  template <class Copies, class... Hooks>
  [[nodiscard]] static std::size_t count(Copies const& copies, Hooks&... hooks) {
    std::size_t probes = 0;
    copies[0].each_copy(
        [&]<class Probe>(Probe&, Probe&) {
          static_assert(
              sendable<Probe>,
              "dormant::mpi: what this probe sees on other ranks cannot be sent; give it "
              "`void state(auto&& f) { f(member, ...); }`, see <dormant/probe/bytes.hpp>");
          ++probes;
        },
        hooks...);
    return probes;
  }

  /// Writes what this rank's shards saw: for each of them and each probe a size, and as many bytes.
  /// \returns the bytes in all
  template <class Copies, class... Hooks>
  [[nodiscard]] std::size_t write(share own, Copies const& copies, Hooks&... hooks) {
    sent_.clear();
    dormant::detail::byte_writer writer{sent_};
    for (std::size_t k = 0; k < own.size; ++k) {
      copies[own.first + k].each_copy(
          [&writer]<class Probe>(Probe const& seen, Probe&) {
            if constexpr (sendable<Probe>) {
              auto const bytes = to_bytes(seen);
              std::size_t const size = bytes.size();
              writer.raw(&size, sizeof size);
              writer.raw(bytes.data(), size);
            }
          },
          hooks...);
    }
    if (sent_.size() > INT_MAX / all_.ranks()) {
      refuse({"mpi: the probes of a pass saw ", sent_.size(), " bytes, too many for a message"});
    }
    return sent_.size();
  }

  /// Sends that, and merges into `hooks` what all shards saw; `heard` has every rank's bytes.
  template <class Copies, class... Hooks>
  void merge(std::size_t shards, notes const& heard, Copies const& copies, Hooks&... hooks) {
    try {
      std::size_t total = 0;
      for (std::size_t r = 0; r < all_.ranks(); ++r) {
        from_.set(r, heard.number(r, 2), total);
        total += heard.number(r, 2);
      }
      arrived_.resize(total);
      all_.collective(MPI_Allgatherv, MPI_Iallgatherv, sent_.data(), static_cast<int>(sent_.size()),
                      MPI_BYTE, arrived_.data(), from_.sizes.data(), from_.at.data(), MPI_BYTE);
      dormant::detail::byte_reader reader{arrived_};
      for (std::size_t s = 0; s < shards; ++s) {
        copies[s].each_copy(
            [&reader]<class Probe>(Probe const&, Probe& target) {
              if constexpr (sendable<Probe>) {
                std::size_t size = 0;
                reader.raw(&size, sizeof size);
                merge_bytes(target, reader.in.first(size));
                reader.in = reader.in.subspan(size);
              }
            },
            hooks...);
      }
    } catch (std::exception const& why) { // the others have gone on to the gradients
      all_.abort(why.what());
    }
  }

private:
  group& all_;
  layout from_;
  std::vector<std::byte> sent_, arrived_;
};

} // namespace dormant::mpi::detail
