/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/fix_artn.h"
#include "common/registrar.h"

using namespace LAMMPS_NS;

void LAMMPS_NS::register_artn_styles(Registrar &styles)
{
  // The library stays in the process, so that it knows its own style when it is loaded again.
  static bool ours = false;
  ours = ours || !styles.known("fix", "artn");
  if (ours)
    styles.add<FixArtn>("fix", "artn", "Ergodic fix artn");
  else
    styles.note("Ergodic: another fix artn is there already, ours is fix artn/ergodic");
  styles.add<FixArtn>("fix", "artn/ergodic", "Ergodic fix artn");
}
