/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

// Entry of the styles built for one LAMMPS, called by the plugin file (ergodicplugin.cpp).

#include "common/registrar.h"

#include <algorithm>
#include <string>

using namespace LAMMPS_NS;

extern "C" __attribute__((visibility("default"))) void
ergodic_register_styles(void *lmp, void *handle, void *regfunc)
{
  Registrar styles(static_cast<LAMMPS *>(lmp), handle,
                   reinterpret_cast<lammpsplugin_regfunc>(regfunc));
  register_voronoi_styles(styles);
  register_vdos_styles(styles);
  register_artn_styles(styles);

  // The library stays in the process, so that it knows its own styles when it is loaded again.
  static bool ours = false;
  ours = ours || styles.added() > 0;
  std::string lammps = ERGODIC_LAMMPS_VERSION_STRING;
  lammps.erase(std::remove(lammps.begin(), lammps.end(), ' '), lammps.end());
  const std::string title = "Ergodic " ERGODIC_VERSION " for LAMMPS " + lammps;
  if (styles.added())
    styles.note(title + " (" ERGODIC_BUILD
                        "): compute voronoi/entropy, compute vdos/atom, fix artn");
  else if (ours)
    styles.note(title + " is loaded already");
  else
    styles.note(title + " not loaded: there is another Ergodic already (plugin clear removes it)");
}
