/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/registrar.h"
#include "vdos/compute_vdos_atom.h"

using namespace LAMMPS_NS;

void LAMMPS_NS::register_vdos_styles(Registrar &styles)
{
  styles.add<ComputeVdosAtom>("compute", "vdos/atom", "Ergodic compute vdos/atom");
}
