/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "vdos/vdos_options.h"

#include "common/ergodic_status.h"
#include "common/keywords.h"

#include "universe.h"
#include "update.h"

#include <cstring>

using namespace LAMMPS_NS;

VdosOptions::VdosOptions(LAMMPS *lmp, const std::string &name, int narg, char **arg) :
    Pointers(lmp), values{}
{
  ergodic_check_all(FLERR, error, name, ergodic_vdos_defaults(&values));
  values.metal = strcmp(update->unit_style, "metal") == 0;

  Keywords in(lmp, name, narg, arg);
  in.add("delta", "D", [&] { values.delta = in.positive(); });
  in.add("solver", "NAME", [&] {
    const ergodic_vdos_solver_t solvers[] = {ERGODIC_VDOS_DENSE, ERGODIC_VDOS_WINDOW,
                                             ERGODIC_VDOS_KPM};
    values.solver = solvers[in.choice({"dense", "window", "kpm"})];
  });
  in.add("range", "Flo Fhi", [&] {
    values.range_auto = in.next_is("auto");
    for (double &end : values.range) end = values.range_auto ? 0.0 : in.positive();
  });
  in.add("sigma", "S", [&] { values.sigma = in.positive(); });
  in.add("fcut", "F", [&] { values.fcut = in.positive(); });
  in.add("points", "N", [&] { values.points = in.integer(1, 1000000); });
  in.add("file", "NAME", [&] { table_file = in.word(); });
  in.add("modes", "NAME", [&] { modes_file = in.word(); });
  in.add("hessian", "NAME", [&] { hessian_file = in.word(); });
  in.add("vectors", "R", [&] { values.vectors = in.integer(1, 1000000); });
  in.add("error", "E", [&] { values.error = in.positive(); });
  in.add("ftol", "F", [&] { values.tolerance = in.positive(); });
  in.read();

  values.table_file = of_partition(table_file);
  values.modes_file = of_partition(modes_file);
  values.hessian_file = of_partition(hessian_file);
}

// Name of a file, with the index of the partition if there are several; nullptr for none.
const char *VdosOptions::of_partition(std::string &file) const
{
  if (file.empty()) return nullptr;
  if (universe->nworlds > 1) file += "." + std::to_string(universe->iworld);
  return file.c_str();
}
