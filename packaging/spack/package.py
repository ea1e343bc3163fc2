# Copyright Spack Project Developers. See COPYRIGHT file for details.
#
# SPDX-License-Identifier: (Apache-2.0 OR MIT)

import os

from spack.package import *
from spack_repo.builtin.build_systems.cmake import CMakePackage


class Ergodic(CMakePackage):
    """Which atoms of a glass are soft: LAMMPS plugin with compute voronoi/entropy, fix artn and
    compute vdos/atom."""

    license("GPL-2.0-only")

    # The archive lies in the current folder: `git archive --prefix=ergodic-0.1.0/ -o ergodic-0.1.0.tar.gz HEAD`
    manual_download = True
    url = f"file://{os.getcwd()}/ergodic-0.1.0.tar.gz"

    version("0.1.0")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("rust@1.89:", type="build")
    depends_on("mpi")
    # Spack's default is ~plugin.
    depends_on("lammps@20220623: +plugin+lib+mpi")

    def setup_build_environment(self, env):
        # Crates come over the network, or from `cargo vendor` in the source tree.
        env.set("CARGO_HOME", join_path(self.stage.path, "cargo"))

    def cmake_args(self):
        lammps = self.spec["lammps"]
        return [
            self.define("ERGODIC_LAMMPS", lammps.prefix),
            self.define("MPI_INCLUDE_DIR", self.spec["mpi"].prefix.include),
        ]

    def setup_run_environment(self, env):
        for lib in ("lib", "lib64"):
            folder = join_path(self.prefix, lib, "lammps", "plugins")
            if os.path.isdir(folder):
                env.prepend_path("LAMMPS_PLUGIN_PATH", folder)

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def styles_are_found(self):
        lmp = Executable(self.spec["lammps"].prefix.bin.lmp)
        (plugin,) = find(self.prefix, "ergodicplugin.so")
        with open("in.styles", "w") as script:
            script.write(f"plugin load {plugin}\ninfo styles compute\n")
        output = lmp("-in", "in.styles", "-log", "none", output=str)
        if "voronoi/entropy" not in output:
            raise InstallError("LAMMPS does not find the styles")
