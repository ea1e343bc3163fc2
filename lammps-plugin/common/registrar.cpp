/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/registrar.h"

#include "comm.h"
#include "library.h"
#include "utils.h"

#include <cstring>

using namespace LAMMPS_NS;

namespace {

// The LAMMPS that the styles are built for, as "22 Jul 2025"; the build finds it with the headers.
constexpr const char *BUILT_FOR = ERGODIC_LAMMPS_VERSION_STRING;

bool from_a_plugin(const char *kind, const char *name)
{
  char its_kind[256], its_name[256];
  for (int i = 0; i < lammps_plugin_count(); i++)
    if (lammps_plugin_name(i, its_kind, its_name, sizeof(its_name)) && !strcmp(its_kind, kind) &&
        !strcmp(its_name, name))
      return true;
  return false;
}

}    // namespace

bool Registrar::known(const char *kind, const char *name) const
{
  return lammps_has_style(lmp, kind, name);
}

// To the screen and the log of rank 0.
void Registrar::note(const std::string &line) const
{
  if (lmp->comm->me == 0) utils::logmesg(lmp, line + "\n");
}

void Registrar::add(const char *kind, const char *name, const char *info,
                    lammpsplugin_factory2 *creator)
{
  if (from_a_plugin(kind, name)) return;
  lammpsplugin_t plugin;
  plugin.version = BUILT_FOR;
  plugin.style = kind;
  plugin.name = name;
  plugin.info = info;
  plugin.author = "the Ergodic authors";
  plugin.creator.v2 = creator;
  plugin.handle = handle;
  register_plugin(&plugin, lmp);
  n_added++;
}
