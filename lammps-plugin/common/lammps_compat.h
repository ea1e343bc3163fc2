/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_LAMMPS_COMPAT_H
#define ERGODIC_LAMMPS_COMPAT_H

// Where the LAMMPS versions that Ergodic builds for (from 23Jun2022 on) differ. What the headers
// offer decides, not a date: of two overloads, the one with the int argument is taken where it
// compiles.

#include "compute.h"
#include "domain.h"
#include "error.h"
#include "lammps.h"
#include "library.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "pair.h"

namespace LAMMPS_NS {
namespace compat {

// Since 12Jun2025 the caller's place in the source is passed, for an error message.
template <class D>
auto minimum_image(D *domain, double *v, int)
    -> decltype(domain->minimum_image(FLERR, v[0], v[1], v[2]))
{
  domain->minimum_image(FLERR, v[0], v[1], v[2]);
}
template <class D> void minimum_image(D *domain, double *v, long)
{
  domain->minimum_image(v[0], v[1], v[2]);
}
inline void minimum_image(Domain *domain, double *v)
{
  minimum_image(domain, v, 0);
}

// Computes have post_constructor() since 4Feb2025, and LAMMPS calls it; before, the constructor
// does.
template <class C>
constexpr auto calls_post_constructor(int) -> decltype(&C::post_constructor, true)
{
  return true;
}
template <class C> constexpr bool calls_post_constructor(long)
{
  return false;
}
constexpr bool CALLS_POST_CONSTRUCTOR = calls_post_constructor<Compute>(0);

// LAMMPS tells since 2Aug2023 whether a restart file was read; 0 where it does not tell.
template <class L> auto restart_was_read(const L *lmp, int) -> decltype(lmp->restart_ver >= 0)
{
  return lmp->restart_ver >= 0;
}
template <class L> bool restart_was_read(const L *, long)
{
  return false;
}
inline bool restart_was_read(const LAMMPS *lmp)
{
  return restart_was_read(lmp, 0);
}

// Lists trimmed to a smaller cutoff came with 2Aug2023, those without pairs inside molecules with
// 29Aug2024.
template <class L> auto trimmed(const L *list, int) -> decltype(bool(list->trim))
{
  return list->trim;
}
template <class L> bool trimmed(const L *, long)
{
  return false;
}
template <class L> auto skips_molecules(const L *list, int) -> decltype(bool(list->molskip))
{
  return list->molskip;
}
template <class L> bool skips_molecules(const L *, long)
{
  return false;
}

// When a fix is called. Modify::get_fix_mask() came with 29Aug2024; the numbering of fixes that it
// replaces (find_fix(), fix[], nfix) is to go with 13Nov2026.
template <class M> auto fix_mask(M *modify, Fix *fix, int) -> decltype(modify->get_fix_mask(fix))
{
  return modify->get_fix_mask(fix);
}
template <class M> int fix_mask(M *modify, Fix *fix, long)
{
  const auto &fixes = modify->get_fix_list();
  for (std::size_t i = 0; i < fixes.size(); i++)
    if (fixes[i] == fix) return modify->fmask[i];
  return 0;
}
inline int fix_mask(Modify *modify, Fix *fix)
{
  return fix_mask(modify, fix, 0);
}

// Comm::BRICK has its name since 2Aug2023, and this value in all versions.
constexpr int COMM_BRICK = 0;

// Address of the ghost cutoffs by type where comm_modify mode is multi/old, which 4Jul2026 has no
// longer; else null.
template <class C> auto cutoffs_by_type(C *comm, int) -> decltype(&comm->cutusermultiold)
{
  return comm->mode == C::MULTIOLD ? &comm->cutusermultiold : nullptr;
}
template <class C> double **cutoffs_by_type(C *, long)
{
  return nullptr;
}

// Whether KOKKOS keeps atoms in memory of its own, on a GPU or in another precision. A plugin cannot
// reach that: what copies between the two is in a header that LAMMPS does not install.
inline bool atoms_are_elsewhere(const LAMMPS *lmp)
{
  const auto built = [](const char *what, const char *as) {
    return lammps_config_accelerator("KOKKOS", what, as) != 0;
  };
  return lmp->kokkos && (built("api", "cuda") || built("api", "hip") || built("api", "sycl") ||
                         !built("precision", "double"));
}

// Protected in some versions; a derived class may name these. suffix_flag is public since
// 22Jul2025, Neighbor::get_xhold() exists since 29Aug2024.
struct PairAccess : Pair {
  static int suffix_flag_of(const Pair *pair) { return pair->*(&PairAccess::suffix_flag); }
};
struct NeighborAccess : Neighbor {
  static const double *const *xhold_of(Neighbor *n) { return n->*(&NeighborAccess::xhold); }
};

}    // namespace compat
}    // namespace LAMMPS_NS

#endif
