/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_options.h"

#include "common/ergodic_status.h"
#include "common/keywords.h"

#include "error.h"
#include "update.h"

#include <climits>
#include <cmath>
#include <cstring>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

ArtnOptions::ArtnOptions(LAMMPS *lmp, const std::string &name, int narg, char **arg) :
    Pointers(lmp), name(name)
{
  if (narg < 4) error->all(FLERR, "{}: the seed is missing: fix ID group artn seed ...", name);
  const bool metal = strcmp(update->unit_style, "metal") == 0;
  ergodic_check_all(FLERR, error, name, ergodic_artn_defaults(metal, &core));

  Keywords in(lmp, name, narg - 3, arg + 3);
  core.seed = in.argument("seed").integer(1, INT64_MAX);
  in.add("events", "N", [&] { core.events = in.integer(1, INT_MAX); });
  in.add("attempts", "N", [&] { core.attempts = in.integer(1, INT_MAX); });
  in.add("push", "D R", [&] {
    core.push = in.positive();
    core.push_radius = in.positive();
  });
  in.add("active", "R", [&] { core.active = in.next_is("all") ? INFINITY : in.positive(); });
  in.add("ftol", "F", [&] { core.ftol = in.positive(); });
  in.add("lanczos", "N D", [&] {
    core.lanczos_size = in.integer(2, 1000);
    core.lanczos_step = in.positive();
  });
  in.add("curvature", "C", [&] { core.curvature = in.number(); });
  in.add("maxeval", "N", [&] { core.maxeval = in.integer(1, INT64_MAX); });
  in.add("barrier", "Emin Emax", [&] {
    core.barrier[0] = in.number();
    core.barrier[1] = in.next_is("inf") || in.next_is("INF") ? INFINITY : in.number();
  });
  in.add("same", "E D", [&] {
    core.same_energy = in.positive();
    core.same_distance = in.positive();
  });
  in.add("connect", "yes/no", [&] { core.connect = in.logical(); });
  in.add("own", "D", [&] { core.own = in.number(); });
  in.add("distinct", "yes/no", [&] { core.distinct = in.logical(); });
  in.add("direction", "v_x v_y v_z", [&] {
    for (auto &variable : direction) variable = in.variable();
  });
  in.add("refine", "v_x v_y v_z", [&] {
    for (auto &variable : refine) variable = in.variable();
  });
  in.add("events_file", "NAME", [&] { events_file = in.word(); });
  in.add("saddles", "NAME", [&] { saddles_file = in.word(); });
  in.add("minima", "NAME", [&] { minima_file = in.word(); });
  in.add("displaced", "NAME", [&] { displaced_file = in.word(); });
  in.add("resume", "yes/no", [&] { resume = in.logical(); });
  in.read();

  check_given(in);
  ergodic_check_all(FLERR, error, name, ergodic_artn_check(&core));
}

/* ----------------------------------------------------------------------
   Keywords that do not go together.
------------------------------------------------------------------------- */

void ArtnOptions::check_given(const Keywords &in)
{
  const bool own = in.given("direction") || in.given("refine");
  for (const auto *const key : {"events", "attempts"})
    if (own && in.given(key))
      error->all(FLERR,
                 "{}: keyword {} does not go with direction or refine: all attempts of a central "
                 "atom would be the same, so there is one",
                 name, key);
  if (own) core.events = core.attempts = 1;
  if (resume && events_file.empty())
    error->all(FLERR, "{}: resume yes needs the event table: add events_file NAME", name);
}
