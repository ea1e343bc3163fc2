/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/keywords.h"

#include "error.h"
#include "fmt/format.h"
#include "utils.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

using namespace LAMMPS_NS;

/* ----------------------------------------------------------------------
   "a, b or c"
------------------------------------------------------------------------- */

static std::string listed(const std::vector<std::string> &names)
{
  std::string text = names.front();
  for (std::size_t i = 1; i < names.size(); i++)
    text += (i + 1 < names.size() ? ", " : " or ") + names[i];
  return text;
}

/* ---------------------------------------------------------------------- */

Keywords &Keywords::argument(const char *name)
{
  current = {name, "", {}};
  return *this;
}

void Keywords::add(const char *keyword, const char *values, std::function<void()> take)
{
  known.push_back({keyword, values, std::move(take)});
}

void Keywords::read()
{
  while (next < end) {
    current = find(*next++);
    current.take();
    seen.insert(current.name);
  }
}

const Keywords::Keyword &Keywords::find(const std::string &name) const
{
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Keyword &keyword) { return keyword.name == name; });
  if (found != known.end()) return *found;
  std::vector<std::string> names;
  for (const auto &keyword : known) names.push_back(keyword.name);
  error->all(FLERR, "{}: unknown keyword {}: use {}", style, name, listed(names));
}

void Keywords::refuse(const std::string &value, const std::string &why) const
{
  error->all(FLERR, "{}: {} {} {}", style, current.name, value.empty() ? "(nothing)" : value, why);
}

/* ---------------------------------------------------------------------- */

std::string Keywords::word()
{
  if (next < end) return *next++;
  const auto values = std::count(current.values.begin(), current.values.end(), ' ') + 1;
  error->all(FLERR, "{}: keyword {} needs {}: {} {}", style, current.name,
             values == 1   ? "a value"
             : values == 2 ? "two values"
                           : "three values",
             current.name, current.values);
}

bool Keywords::next_is(const char *word)
{
  const bool is = next < end && std::string(*next) == word;
  next += is;
  return is;
}

double Keywords::real(const char *wanted, bool (*accepts)(double))
{
  const std::string value = word();
  const double x = utils::is_double(value) ? std::strtod(value.c_str(), nullptr) : NAN;
  if (!std::isfinite(x) || !accepts(x)) refuse(value, wanted);
  return x;
}

double Keywords::number()
{
  return real("is not a number: use a finite number", [](double) { return true; });
}

double Keywords::positive()
{
  return real("is not a positive number: use a number above 0", [](double x) { return x > 0.0; });
}

double Keywords::not_negative()
{
  return real("is not a number: use a number of 0 or more", [](double x) { return x >= 0.0; });
}

int64_t Keywords::integer(int64_t least, int64_t most)
{
  const std::string value = word();
  errno = 0;
  const long long x = utils::is_integer(value) ? std::strtoll(value.c_str(), nullptr, 10)
                                               : least - 1;
  if (errno || x < least || x > most)
    refuse(value, fmt::format("is out of range: use an integer from {} to {}", least, most));
  return x;
}

bool Keywords::logical()
{
  const std::string value = word();
  for (const auto *const yes : {"yes", "on", "true"})
    if (value == yes) return true;
  for (const auto *const no : {"no", "off", "false"})
    if (value == no) return false;
  refuse(value, "is unknown: use yes or no");
}

int Keywords::choice(const std::vector<std::string> &names)
{
  const std::string value = word();
  const auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end()) refuse(value, "is unknown: use " + listed(names));
  return static_cast<int>(found - names.begin());
}

std::string Keywords::variable()
{
  const std::string value = word();
  if (!utils::strmatch(value, "^v_.")) refuse(value, "is not a variable: write v_name");
  return value.substr(2);
}
