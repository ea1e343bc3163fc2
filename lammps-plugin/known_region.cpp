/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "known_region.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "neighbor.h"

#include <algorithm>
#include <cmath>
#include <mpi.h>

using namespace LAMMPS_NS;

/* ----------------------------------------------------------------------
   How far any atom may have moved since the ghosts were chosen. LAMMPS chooses anew before an atom
has moved by more than half the skin, unless it was told to look less often.
------------------------------------------------------------------------- */

double KnownRegion::drift() const
{
  const double usual = 0.5 * neighbor->skin;
  const bool looks_always = neighbor->every == 1 && neighbor->delay == 0 && !neighbor->build_once;
  if (!neighbor->dist_check || looks_always) return usual;
  double mine = 0.0, most;
  const double *const *const held = neighbor->get_xhold();
  for (int i = 0; i < atom->nlocal; i++) {
    double square = 0.0;
    for (int k = 0; k < 3; k++) square += std::pow(atom->x[i][k] - held[i][k], 2);
    mine = std::max(mine, square);
  }
  MPI_Allreduce(&mine, &most, 1, MPI_DOUBLE, MPI_MAX, world);
  return std::max(usual, std::sqrt(most));
}

/* ----------------------------------------------------------------------
   Half-space on the lower (side -1) or upper (side 1) side of a box direction, bounded at a
fractional coordinate `lamda` and `beyond` (distance units) further out.
------------------------------------------------------------------------- */

ergodic_plane_t KnownRegion::plane(int dim, int side, double lamda, double beyond) const
{
  // gradients of the fractional coordinates: rows of the inverse edge matrix, which LAMMPS keeps in
  // Voigt order
  const double *const inv = domain->h_inv;
  const double gradients[3][3] = {
      {inv[0], inv[5], inv[4]}, {0.0, inv[1], inv[3]}, {0.0, 0.0, inv[2]}};
  const double *const gradient = gradients[dim];
  const double length = std::hypot(gradient[0], gradient[1], gradient[2]);
  ergodic_plane_t half;
  half.offset = side * lamda / length + beyond;
  for (int k = 0; k < 3; k++) {
    half.normal[k] = side * gradient[k] / length;
    half.offset += half.normal[k] * domain->boxlo[k];
  }
  return half;
}

std::vector<ergodic_plane_t> KnownRegion::walls() const
{
  std::vector<ergodic_plane_t> planes;
  for (int dim = 0; dim < 3; dim++) {
    if (domain->periodicity[dim]) continue;
    planes.push_back(plane(dim, -1, 0.0, 0.0));
    planes.push_back(plane(dim, 1, 1.0, 0.0));
  }
  return planes;
}

// The region in which all atoms are known: the sub-domain and the ghost cutoff around it, less what
// unseen atoms may have moved. There is nothing to know beyond a box face that is not periodic.
std::vector<ergodic_plane_t> KnownRegion::sight(double drifted) const
{
  std::vector<ergodic_plane_t> planes;
  for (int dim = 0; dim < 3; dim++) {
    const bool tilted = domain->triclinic;
    const double *const inv = domain->h_inv;
    const double lower = tilted ? domain->sublo_lamda[dim]
                                : (domain->sublo[dim] - domain->boxlo[dim]) * inv[dim];
    const double upper = tilted ? domain->subhi_lamda[dim]
                                : (domain->subhi[dim] - domain->boxlo[dim]) * inv[dim];
    // comm->cutghost is in fractional coordinates when the box is triclinic
    const double in_lamda = tilted ? comm->cutghost[dim] : 0.0;
    const double beyond = (tilted ? 0.0 : comm->cutghost[dim]) - drifted;
    constexpr double EDGE = 1e-12;
    const bool open = !domain->periodicity[dim];
    if (!(open && lower <= EDGE)) planes.push_back(plane(dim, -1, lower - in_lamda, beyond));
    if (!(open && upper >= 1.0 - EDGE)) planes.push_back(plane(dim, 1, upper + in_lamda, beyond));
  }
  return planes;
}

/* ----------------------------------------------------------------------
   An owned atom may have left its sub-domain by the drift, and unseen atoms may have come nearer by
as much. No cell reaches beyond the images of its own atom, so the diagonal of the box is always
enough.
------------------------------------------------------------------------- */

double KnownRegion::cutoff_to_set(double needed, double drifted) const
{
  const double *const h = domain->h;
  const double diagonal = std::hypot(std::abs(h[0]) + std::abs(h[5]) + std::abs(h[4]),
                                     std::abs(h[1]) + std::abs(h[3]), h[2]);
  constexpr double STEP = 0.01;    // digits of the message
  return STEP * std::ceil((std::min(needed, diagonal) + 2.0 * drifted) / STEP);
}
