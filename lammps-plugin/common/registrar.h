/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_REGISTRAR_H
#define ERGODIC_REGISTRAR_H

#include "lammps.h"

#include <string>

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
}

namespace LAMMPS_NS {

// Makes styles known to LAMMPS, but for those that are there already from a plugin.
class Registrar {
 public:
  Registrar(LAMMPS *lmp, void *handle, lammpsplugin_regfunc register_plugin) :
      lmp(lmp), handle(handle), register_plugin(register_plugin)
  {
  }

  template <class Style> void add(const char *kind, const char *name, const char *info)
  {
    add(kind, name, info, [](void *lmp, int narg, char **arg) -> void * {
      return new Style(static_cast<LAMMPS *>(lmp), narg, arg);
    });
  }

  // Whether LAMMPS knows such a style, built in or from a plugin.
  bool known(const char *kind, const char *name) const;
  void note(const std::string &line) const;
  int added() const { return n_added; }

 private:
  LAMMPS *lmp;
  void *handle;
  lammpsplugin_regfunc register_plugin;
  int n_added = 0;

  void add(const char *kind, const char *name, const char *info, lammpsplugin_factory2 *creator);
};

// Each in styles.cpp of its folder.
void register_voronoi_styles(Registrar &);
void register_artn_styles(Registrar &);
void register_vdos_styles(Registrar &);

}    // namespace LAMMPS_NS

#endif
