/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "compute_vdos_atom.h"
#include "compute_voronoi_entropy.h"
#include "fix_artn.h"
#include "fix_voronoi_history.h"

#include <cstdio>
#include <dlfcn.h>
#include <string>

// The LAMMPS that the plugin is built for: 20250722 and "22 Jul 2025". The build finds them with
// the headers.
#if !defined(ERGODIC_LAMMPS_VERSION_NUM) || !defined(ERGODIC_LAMMPS_VERSION_STRING)
#error "define ERGODIC_LAMMPS_VERSION_NUM and ERGODIC_LAMMPS_VERSION_STRING"
#endif

using namespace LAMMPS_NS;

// Interface between LAMMPS and its plugins, whose header LAMMPS does not install.
extern "C" {
typedef void *(lammpsplugin_factory1) (void *);
typedef void *(lammpsplugin_factory2) (void *, int, char **);
typedef struct {
  const char *version;
  const char *style;
  const char *name;
  const char *info;
  const char *author;
  union {
    lammpsplugin_factory1 *v1;
    lammpsplugin_factory2 *v2;
  } creator;
  void *handle;
} lammpsplugin_t;
typedef void (*lammpsplugin_regfunc)(lammpsplugin_t *, void *);

__attribute__((visibility("default"))) void lammpsplugin_init(void *, void *, void *);
}

namespace {

// LAMMPS checks no ABI: what a plugin was built for is compared here, through the C library
// interface alone, since with other headers every C++ class may be laid out differently.
class Gate {
 public:
  explicit Gate(void *lmp) : lmp(lmp)
  {
    find("lammps_version", version);
    find("lammps_extract_setting", setting);
    find("lammps_error", message);
    find("lammps_has_style", style);
  }

  bool passes() const
  {
    const std::string mismatch = first_mismatch();
    if (mismatch.empty()) return true;
    report("Ergodic plugin not loaded: " + mismatch);
    return false;
  }

  bool has_fix(const char *name) const { return style && style(lmp, "fix", name); }

  // One line on rank 0, in the log too where the library can write to it.
  void report(const std::string &text) const
  {
    constexpr int WARNING = 0;    // LMP_ERROR_WARNING of library.h
    if (setting && setting(lmp, "world_rank") > 0) return;
    if (message)
      message(lmp, WARNING, text.c_str());
    else
      fprintf(stderr, "%s\n", text.c_str());
  }

 private:
  void *lmp;
  int (*version)(void *) = nullptr;
  int (*setting)(void *, const char *) = nullptr;
  void (*message)(void *, int, const char *) = nullptr;
  int (*style)(void *, const char *, const char *) = nullptr;

  template <typename Function> static void find(const char *name, Function &function)
  {
    function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  }

  std::string first_mismatch() const
  {
    if (!version || !setting) return "this LAMMPS does not export its C library interface";
    if (version(lmp) != ERGODIC_LAMMPS_VERSION_NUM)
      return differs("LAMMPS version", ERGODIC_LAMMPS_VERSION_NUM, version(lmp));
    for (const auto &type : {Integer{"bigint", sizeof(bigint)}, Integer{"tagint", sizeof(tagint)},
                             Integer{"imageint", sizeof(imageint)}})
      if (setting(lmp, type.name) != type.size)
        return differs(std::string("size of ") + type.name, type.size, setting(lmp, type.name));
    return "";
  }

  struct Integer {
    const char *name;
    int size;
    Integer(const char *name, std::size_t size) : name(name), size(static_cast<int>(size)) {}
  };

  static std::string differs(const std::string &what, int built, int running)
  {
    return what + ": built for " + std::to_string(built) + ", running " + std::to_string(running) +
           "; build Ergodic against the headers of this LAMMPS";
  }
};

void *voronoi_entropy(void *lmp, int narg, char **arg)
{
  return new ComputeVoronoiEntropy(static_cast<LAMMPS *>(lmp), narg, arg);
}

void *voronoi_history(void *lmp, int narg, char **arg)
{
  return new FixVoronoiHistory(static_cast<LAMMPS *>(lmp), narg, arg);
}

void *artn(void *lmp, int narg, char **arg)
{
  return new FixArtn(static_cast<LAMMPS *>(lmp), narg, arg);
}

void *vdos_atom(void *lmp, int narg, char **arg)
{
  return new ComputeVdosAtom(static_cast<LAMMPS *>(lmp), narg, arg);
}

}    // namespace

void lammpsplugin_init(void *lmp, void *handle, void *regfunc)
{
  const Gate gate(lmp);
  if (!gate.passes()) return;

  const auto register_plugin = reinterpret_cast<lammpsplugin_regfunc>(regfunc);
  const auto add = [&](const char *style, const char *name, lammpsplugin_factory2 *creator,
                       const char *info) {
    lammpsplugin_t plugin;
    plugin.version = ERGODIC_LAMMPS_VERSION_STRING;
    plugin.style = style;
    plugin.name = name;
    plugin.info = info;
    plugin.author = "the Ergodic authors";
    plugin.creator.v2 = creator;
    plugin.handle = handle;
    register_plugin(&plugin, lmp);
  };

  add("compute", "voronoi/entropy", voronoi_entropy, "Ergodic compute voronoi/entropy");
  add("fix", "VORONOI/HISTORY", voronoi_history,
      "Ergodic fix VORONOI/HISTORY, internal to compute voronoi/entropy");
  add("compute", "vdos/atom", vdos_atom, "Ergodic compute vdos/atom");
  // The library stays in the process, so that it knows its own style when it is loaded again.
  static bool ours = false;
  ours = ours || !gate.has_fix("artn");
  if (ours)
    add("fix", "artn", artn, "Ergodic fix artn");
  else
    gate.report("Ergodic: another fix artn is there already, ours is fix artn/ergodic");
  add("fix", "artn/ergodic", artn, "Ergodic fix artn");
}
