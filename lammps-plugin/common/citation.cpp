/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/citation.h"

#include "citeme.h"
#include "lammps.h"

using namespace LAMMPS_NS;

void LAMMPS_NS::cite_paper(LAMMPS *lmp, const std::string &command)
{
  if (!lmp->citeme) return;
  cite_ergodic(lmp);
  lmp->citeme->add(
      command +
      " command: doi:10.3389/fmats.2022.855681\n\n"
      "@Article{Yang2022Ergodic,\n"
      " author =  {Yang, Zeng-Yu and Wang, Yun-Jiang},\n"
      " title =   {Ergodic structural diversity predicts dynamics in amorphous materials},\n"
      " journal = {Frontiers in Materials},\n"
      " volume =  9,\n"
      " pages =   {855681},\n"
      " year =    2022,\n"
      " doi =     {10.3389/fmats.2022.855681}\n"
      "}\n\n");
}

// LAMMPS lists a text once, whichever style comes first.
void LAMMPS_NS::cite_ergodic(LAMMPS *lmp)
{
  if (!lmp->citeme) return;
  lmp->citeme->add("Ergodic plugin for LAMMPS, version " ERGODIC_VERSION "\n\n"
                   "@Misc{Ergodic,\n"
                   " author =  {{The Ergodic authors}},\n"
                   " title =   {Ergodic, a LAMMPS plugin},\n"
                   " note =    {version " ERGODIC_VERSION "}\n"
                   "}\n\n");
}
