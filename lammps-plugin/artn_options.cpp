/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn_options.h"

#include "error.h"
#include "fmt/format.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace LAMMPS_NS;

namespace {
// What units metal have defaults for.
const char *const DIMENSIONAL[] = {"push", "active", "ftol", "lanczos", "curvature", "same"};
}    // namespace

/* ---------------------------------------------------------------------- */

ArtnOptions::ArtnOptions(LAMMPS *lmp, const std::string &name, int narg, char **arg) :
    Pointers(lmp), name(name)
{
  defaults();
  parse(narg, arg);
}

/* ----------------------------------------------------------------------
   For units metal; without them a value of a quantity with a dimension has to be given.
------------------------------------------------------------------------- */

void ArtnOptions::defaults()
{
  core.events = 20;
  core.attempts = 0;
  core.push = 0.1;
  core.push_radius = 3.7;
  core.shell = 3.7;
  core.active = 10.0;
  core.ftol = 0.01;
  core.lanczos_size = 8;
  core.lanczos_step = 1e-3;
  core.curvature = -0.5;
  core.maxeval = 2000;
  core.barrier[0] = 0.0;
  core.barrier[1] = INFINITY;
  core.connect = true;
  core.distinct = false;
  core.same_energy = 1e-3;
  core.same_distance = 0.1;
}

void ArtnOptions::parse(int narg, char **arg)
{
  if (narg < 4) error->all(FLERR, "{}: the seed is missing: fix ID group artn seed ...", name);
  core.seed = integer("seed", arg[3], 1, INT64_MAX);

  std::vector<std::string> given;
  for (int i = 4; i < narg;) {
    const std::string key = arg[i];
    const bool two = key == "push" || key == "lanczos" || key == "barrier" || key == "same";
    const bool three = key == "direction" || key == "refine";
    const int values = three ? 3 : two ? 2 : 1;
    const char *const first = i + 1 < narg ? arg[i + 1] : "";
    const char *const second = i + 2 < narg ? arg[i + 2] : "";
    const bool complete = i + values < narg;
    if (key == "events")
      core.events = integer(key, first, 1, INT_MAX);
    else if (key == "attempts")
      core.attempts = integer(key, first, 1, INT_MAX);
    else if (key == "push") {
      core.push = number(key, first, 0.0);
      core.push_radius = number(key, second, 0.0);
    } else if (key == "active")
      core.active = strcmp(first, "all") == 0 ? INFINITY : number(key, first, 0.0);
    else if (key == "ftol")
      core.ftol = number(key, first, 0.0);
    else if (key == "lanczos") {
      core.lanczos_size = integer(key, first, 2, 1000);
      core.lanczos_step = number(key, second, 0.0);
    } else if (key == "curvature") {
      core.curvature = number(key, first, -INFINITY);
      if (core.curvature > 0.0)
        error->all(FLERR, "{}: curvature {} is positive: use a number of 0 or less", name, first);
    } else if (key == "maxeval")
      core.maxeval = integer(key, first, 1, INT64_MAX);
    else if (key == "barrier") {
      core.barrier[0] = number(key, first, -INFINITY);
      core.barrier[1] = utils::lowercase(second) == "inf" ? INFINITY
                                                          : number(key, second, -INFINITY);
      if (core.barrier[0] < 0.0 || core.barrier[1] <= core.barrier[0])
        error->all(FLERR, "{}: barrier {} {} is not a range: use 0 <= Emin < Emax", name, first,
                   second);
    } else if (key == "same") {
      core.same_energy = number(key, first, 0.0);
      core.same_distance = number(key, second, 0.0);
    } else if (key == "connect")
      core.connect = yes_no(key, first);
    else if (key == "distinct")
      core.distinct = yes_no(key, first);
    else if (three && complete)
      variables(key, arg + i + 1, key == "refine" ? refine : direction);
    else if (key == "resume")
      resume = yes_no(key, first);
    else if (key == "events_file")
      events_file = first;
    else if (key == "saddles")
      saddles_file = first;
    else if (key == "minima")
      minima_file = first;
    else if (!three)
      error->all(FLERR,
                 "{}: unknown keyword {}: use events, attempts, push, active, ftol, lanczos, "
                 "curvature, maxeval, barrier, same, connect, distinct, direction, refine, "
                 "events_file, saddles, minima or resume",
                 name, key);
    if (!complete)
      error->all(FLERR, "{}: keyword {} needs {}", name, key,
                 three ? "three variables: v_x v_y v_z"
                 : two ? "two values"
                       : "a value");
    given.push_back(key);
    i += 1 + values;
  }
  check_given(given);
}

void ArtnOptions::variables(const std::string &keyword, char **names, std::string (&to)[3]) const
{
  for (int d = 0; d < 3; d++) {
    if (!utils::strmatch(names[d], "^v_."))
      error->all(FLERR, "{}: {} {} is not v_NAME with the name of a variable", name, keyword,
                 names[d]);
    to[d] = names[d] + 2;
  }
}

void ArtnOptions::check_given(const std::vector<std::string> &given)
{
  const bool own = !direction[0].empty() || !refine[0].empty();
  for (const auto *const key : {"events", "attempts"})
    if (own && std::find(given.begin(), given.end(), key) != given.end())
      error->all(FLERR,
                 "{}: keyword {} does not go with direction or refine: all attempts of a central "
                 "atom would be the same, so there is one",
                 name, key);
  if (own) core.events = core.attempts = 1;
  if (!core.attempts) core.attempts = std::min(10LL * core.events, (long long) INT_MAX);
  if (resume && events_file.empty())
    error->all(FLERR, "{}: resume yes needs the event table: add events_file NAME", name);
  if (strcmp(update->unit_style, "metal") == 0) return;
  core.shell = core.push_radius;
  for (const auto *const key : DIMENSIONAL)
    if (std::find(given.begin(), given.end(), key) == given.end())
      error->all(FLERR,
                 "{}: keyword {} has a default only in units metal: give push, active, ftol, "
                 "lanczos, curvature and same in units {}",
                 name, key, update->unit_style);
}

double ArtnOptions::number(const std::string &keyword, const char *value, double least) const
{
  const double x = utils::is_double(value) ? std::strtod(value, nullptr) : NAN;
  if (!(std::isfinite(x) && x > least))
    error->all(FLERR, "{}: {} {} is not {}: use a number{}", name, keyword,
               *value ? value : "(nothing)",
               std::isfinite(least) ? "a positive number" : "a number",
               std::isfinite(least) ? fmt::format(" > {}", least) : "");
  return x;
}

int64_t ArtnOptions::integer(const std::string &keyword, const char *value, int64_t least,
                             int64_t most) const
{
  errno = 0;
  const long long x = utils::is_integer(value) ? std::strtoll(value, nullptr, 10) : least - 1;
  if (errno || x < least || x > most)
    error->all(FLERR, "{}: {} {} is out of range: use an integer from {} to {}", name, keyword,
               *value ? value : "(nothing)", least, most);
  return x;
}

bool ArtnOptions::yes_no(const std::string &keyword, const char *value) const
{
  if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
    error->all(FLERR, "{}: {} {} is unknown: use yes or no", name, keyword,
               *value ? value : "(nothing)");
  return strcmp(value, "yes") == 0;
}
