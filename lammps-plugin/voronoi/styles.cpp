/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/registrar.h"
#include "voronoi/compute_voronoi_entropy.h"
#include "voronoi/fix_voronoi_history.h"

using namespace LAMMPS_NS;

void LAMMPS_NS::register_voronoi_styles(Registrar &styles)
{
  styles.add<ComputeVoronoiEntropy>("compute", "voronoi/entropy",
                                    "Ergodic compute voronoi/entropy");
  styles.add<FixVoronoiHistory>("fix", "VORONOI/HISTORY",
                                "Ergodic fix VORONOI/HISTORY, internal to compute voronoi/entropy");
}
