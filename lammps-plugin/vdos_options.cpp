/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "vdos_options.h"

#include "error.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace LAMMPS_NS;

VdosOptions::VdosOptions(LAMMPS *lmp, std::string name, int narg, char **arg) :
    Pointers(lmp), values{}, name(std::move(name))
{
  values.points = 500;
  for (int i = 0; i < narg;) i += set(arg[i], narg - i - 1, arg + i + 1);
  defaults();
  values.table_file = table_file.empty() ? nullptr : table_file.c_str();
  values.modes_file = modes_file.empty() ? nullptr : modes_file.c_str();
}

// Reads the values of a keyword; returns how many words belong to it.
int VdosOptions::set(const std::string &key, int narg, char **arg)
{
  const int wanted = key == "range" ? 2 : 1;
  const auto known = {"delta", "solver", "range", "sigma", "fcut", "points", "file", "modes"};
  if (std::find(known.begin(), known.end(), key) == known.end())
    error->all(FLERR,
               "{}: unknown keyword {}: use delta, solver, range, sigma, fcut, points, file or "
               "modes",
               name, key);
  if (narg < wanted)
    error->all(FLERR, "{}: keyword {} needs {}", name, key, wanted == 1 ? "a value" : "two values");
  const std::string value = arg[0];

  if (key == "delta")
    values.delta = positive(key, arg[0]);
  else if (key == "sigma")
    values.sigma = positive(key, arg[0]);
  else if (key == "fcut")
    values.fcut = positive(key, arg[0]);
  else if (key == "range") {
    values.range[0] = positive(key, arg[0]);
    values.range[1] = positive(key, arg[1]);
  } else if (key == "points") {
    const long long n = utils::is_integer(value) ? std::strtoll(arg[0], nullptr, 10) : 0;
    if (n < 1 || n > 1000000)
      error->all(FLERR, "{}: points {} is out of range: use an integer from 1 to 1000000", name,
                 value);
    values.points = static_cast<int>(n);
  } else if (key == "file")
    table_file = value;
  else if (key == "modes")
    modes_file = value;
  else if (value == "dense")
    values.solver = ERGODIC_VDOS_DENSE;
  else if (value == "window")
    values.solver = ERGODIC_VDOS_WINDOW;
  else if (value == "kpm")
    values.solver = ERGODIC_VDOS_KPM;
  else
    error->all(FLERR, "{}: solver {} is unknown: use dense, window or kpm", name, value);
  return 1 + wanted;
}

double VdosOptions::positive(const std::string &key, const char *value) const
{
  const double x = utils::is_double(value) ? std::strtod(value, nullptr) : NAN;
  if (!(std::isfinite(x) && x > 0.0))
    error->all(FLERR, "{}: {} {} is not a positive number: use a number above 0", name, key, value);
  return x;
}

// What was not given. Lengths and frequencies have a natural scale in metal units only.
void VdosOptions::defaults()
{
  const bool metal = strcmp(update->unit_style, "metal") == 0;
  const bool given = values.delta > 0.0 && values.sigma > 0.0 && values.range[0] > 0.0;
  if (!metal && !given)
    error->all(FLERR, "{}: in units {} the keywords delta, sigma and range must be given", name,
               update->unit_style);
  if (values.delta == 0.0) values.delta = 1e-7;
  if (values.sigma == 0.0) values.sigma = 0.15;
  if (values.range[0] == 0.0) {
    values.range[0] = 0.8;
    values.range[1] = 1.5;
  }
  if (metal) values.tolerance = 1e-4;
}
