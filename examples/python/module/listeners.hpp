// SPDX-License-Identifier: MIT
// Python's probes and interventions: callables with the numbers of the sites they hear.
#pragma once

#include "module/arrays.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dormant::python {

/// One of Python's hooks: whom to call, where, and whether it may write.
struct python_hook {
  py::object call;
  std::vector<std::size_t> sites;
  bool writes = false;
};

/// Calls `hook(site, layer, array)` with the memory that the pass has; the GIL has to be held.
class python_listener final : public listener {
public:
  /// \param site_type makes what is called `site` of a name and a row
  python_listener(hooks_door const& door, std::size_t bytes, std::vector<python_hook> hooks,
                  py::object site_type)
      : sites_(door.sites()), bytes_(bytes), of_(sites_.size()), site_type_(std::move(site_type)) {
    for (auto& hook : hooks)
      for (auto const site : hook.sites) of_[site].push_back({hook.call, hook.writes});
  }

  [[nodiscard]] bool hears(std::size_t site) const override { return !of_[site].empty(); }

  void hear(shown const& what) override {
    sizes_of_array extents, strides;
    for (std::size_t axis = 0; axis < what.extents.size(); ++axis) {
      extents.push_back(static_cast<py::ssize_t>(what.extents[axis]));
      strides.push_back(what.strides[axis] * static_cast<py::ssize_t>(bytes_));
    }
    auto const& name = sites_[what.site].name;
    auto const site = site_type_(py::str(name.data(), name.size()), what.row);
    for (auto const& [call, writes] : of_[what.site]) {
      auto const array = array_on(floats(bytes_), extents, strides, what.data, py::none(), writes);
      call(site, what.layer, array);
      if (array.ref_count() > 1) {
        refuse({"a hook kept the array of the site '", name,
                "', which is the library's memory and is gone after the pass; keep array.copy()"});
      }
    }
  }

private:
  struct heard {
    py::object call;
    bool writes;
  };
  std::span<known_site const> sites_;
  std::size_t bytes_;
  std::vector<std::vector<heard>> of_; // [sites]
  py::object site_type_;
};

} // namespace dormant::python
