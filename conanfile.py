# SPDX-License-Identifier: MIT
"""Recipe for Conan 2: the headers, and what they include."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.system.package_manager import Apt


class DormantConan(ConanFile):
    name = "dormant"
    description = "Small-transformer science: how attention heads become sinks, measured step by step"
    license = "MIT"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True
    default_options = {"boost/*:header_only": True, "xtensor/*:xsimd": False}

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include/dormant/version.hpp"))
        number = int(re.search(r"^#define DORMANT_VERSION (\d+)$", header, re.M).group(1))
        self.version = f"{number // 10000}.{number // 100 % 100}.{number % 100}"

    def requirements(self):
        self.requires("xtensor/[>=0.24 <0.28]", transitive_headers=True)
        self.requires("xsimd/[>=8.1 <15]", transitive_headers=True)
        self.requires("boost/[>=1.74 <2]", transitive_headers=True)
        self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)

    def system_requirements(self):
        Apt(self).install(["librandom123-dev"])  # Conan's index has no Random123

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"),
             os.path.join(self.package_folder, "include"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.system_libs = ["pthread"]
        self.cpp_info.set_property("cmake_target_name", "dormant::dormant")
