/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "voronoi/known_region.h"

#include "common/lammps_compat.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "fix.h"
#include "fmt/format.h"
#include "lammps.h"
#include "memory.h"
#include "modify.h"
#include "neighbor.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <mpi.h>

using namespace LAMMPS_NS;

/* ----------------------------------------------------------------------
   How far any atom may have moved since the ghosts were chosen. LAMMPS chooses them anew
   before an atom has moved by more than half the skin, unless it was told to check less often.
------------------------------------------------------------------------- */

double KnownRegion::max_displacement() const
{
  const double usual = 0.5 * neighbor->skin;
  const bool checks_always = neighbor->every == 1 && neighbor->delay == 0 && !neighbor->build_once;
  const double since_build =
      !neighbor->dist_check || checks_always ? usual : std::max(usual, measured_displacement());
  return since_build + displacement_before_build();
}

// Largest distance of an atom from where it was when the neighbor lists were built.
double KnownRegion::measured_displacement() const
{
  double mine = 0.0, most;
  const double *const *const held = compat::NeighborAccess::xhold_of(neighbor);
  for (int i = 0; i < atom->nlocal; i++) {
    double square = 0.0;
    for (int k = 0; k < 3; k++) square += std::pow(atom->x[i][k] - held[i][k], 2);
    mine = std::max(mine, square);
  }
  MPI_Allreduce(&mine, &most, 1, MPI_DOUBLE, MPI_MAX, world);
  return std::sqrt(most);
}

// How far atoms had moved away from their sub-domain when `get_ghosts` left them with their rank.
double KnownRegion::displacement_before_build() const
{
  return neighbor->ncalls == own_build ? own_displacement : 0.0;
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

// Distance between the two faces of the box.
double KnownRegion::height(int dim) const
{
  return plane(dim, -1, 0.0, 0.0).offset + plane(dim, 1, 1.0, 0.0).offset;
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
// unknown atoms may have moved. There are no atoms beyond a box face that is not periodic.
std::vector<ergodic_plane_t> KnownRegion::bounds(double displacement) const
{
  std::vector<ergodic_plane_t> planes;
  for (int dim = 0; dim < 3; dim++) {
    const bool tilted = domain->triclinic;
    const double *const inv = domain->h_inv;
    const double lower = tilted ? domain->sublo_lamda[dim]
                                : (domain->sublo[dim] - domain->boxlo[dim]) * inv[dim];
    const double upper = tilted ? domain->subhi_lamda[dim]
                                : (domain->subhi[dim] - domain->boxlo[dim]) * inv[dim];
    const double beyond = cutoff() - displacement;
    constexpr double EDGE = 1e-12;
    const bool open = !domain->periodicity[dim];
    if (!(open && lower <= EDGE)) planes.push_back(plane(dim, -1, lower, beyond));
    if (!(open && upper >= 1.0 - EDGE)) planes.push_back(plane(dim, 1, upper, beyond));
  }
  return planes;
}

/* ----------------------------------------------------------------------
   With comm_modify mode multi, ghosts of some kinds are known farther out than those of others.
   Only what was asked for of all kinds is counted on.
------------------------------------------------------------------------- */

double KnownRegion::cutoff() const
{
  if (comm->mode == Comm::SINGLE) {
    double least = INFINITY;
    for (int dim = 0; dim < 3; dim++) {
      // in fractional coordinates when the box is triclinic
      const double unit = domain->triclinic ? height(dim) : 1.0;
      least = std::min(least, comm->cutghost[dim] * unit);
    }
    return least;
  }
  double *const *const old = compat::cutoffs_by_type(comm, 0);
  const double *const first = old ? *old : comm->cutusermulti;
  const int n = old ? atom->ntypes : neighbor->ncollections;
  if (!first || n == 0 || (!old && comm->ncollections_cutoff != n)) return 0.0;
  const double *const begin = old ? first + 1 : first;
  return *std::min_element(begin, begin + n);
}

/* ----------------------------------------------------------------------
   An owned atom may have left its sub-domain by the displacement, and unknown atoms may have come
   nearer by as much. No cell reaches beyond the images of its own atom, so the diagonal of the box
   is always enough.
------------------------------------------------------------------------- */

double KnownRegion::required_cutoff(double needed, double displacement) const
{
  const double *const h = domain->h;
  const double diagonal = std::hypot(std::abs(h[0]) + std::abs(h[5]) + std::abs(h[4]),
                                     std::abs(h[1]) + std::abs(h[3]), h[2]);
  constexpr double STEP = 0.01;    // digits of messages
  return STEP * std::ceil((std::min(needed, diagonal) + 2.0 * displacement) / STEP);
}

// The largest cutoff that LAMMPS accepts: comm_style tiled knows no second image of an atom.
double KnownRegion::largest_cutoff() const
{
  double largest = INFINITY;
  if (comm->style == compat::COMM_BRICK) return largest;
  for (int dim = 0; dim < 3; dim++)
    if (domain->periodicity[dim]) largest = std::min(largest, height(dim));
  return 0.999 * largest;
}

/* ----------------------------------------------------------------------
   Too few atoms make cells look larger than they are, so the cutoff grows step by step, and by so
   much at least that later samples find room.
------------------------------------------------------------------------- */

bool KnownRegion::raise(double needed, double displacement)
{
  constexpr double LEAST = 1.2, MOST = 1.5, ROOM = 1.1;
  const double full = required_cutoff(INFINITY, displacement);
  const double present = cutoff(), base = std::max(present, comm->get_comm_cutoff());
  const double wanted = ROOM * required_cutoff(needed, displacement);
  const double least = present < base ? base : LEAST * base;
  // without forces there may have been no ghosts at all
  const double most = base > 0.0 ? MOST * base : wanted;
  const double raised =
      std::min({std::clamp(wanted, least, most), std::max(full, base), largest_cutoff()});
  // device copies of KOKKOS are not known here
  if (!(raised > present) || lmp->kokkos) return false;
  set_cutoff(raised);
  get_ghosts();
  return true;
}

void KnownRegion::set_cutoff(double value)
{
  comm->cutghostuser = std::max(comm->cutghostuser, value);
  const auto raise_all = [value](double *first, int n) {
    for (int i = 0; i < n; i++) first[i] = std::max(first[i], value);
  };
  if (comm->mode == Comm::MULTI) {
    const int n = neighbor->ncollections;
    if (!comm->cutusermulti || comm->ncollections_cutoff != n) {
      memory->grow(comm->cutusermulti, n, "comm:cutusermulti");
      std::fill_n(comm->cutusermulti, n, 0.0);
      comm->ncollections_cutoff = n;
    }
    raise_all(comm->cutusermulti, n);
  } else if (double **const old = compat::cutoffs_by_type(comm, 0)) {
    const int n = atom->ntypes + 1;
    if (!*old) {
      memory->create(*old, n, "comm:cutusermultiold");
      std::fill_n(*old, n, 0.0);
    }
    raise_all(*old, n);
  }
}

/* ----------------------------------------------------------------------
   Chooses the ghosts and builds the neighbor lists anew, as in a step of a run, but leaves owned
   atoms where they are: forces do not move with their atoms, and are needed in the next step.
------------------------------------------------------------------------- */

void KnownRegion::get_ghosts()
{
  own_displacement = displacement_before_build();
  if (neighbor->dist_check) own_displacement += measured_displacement();
  const int n = atom->nlocal;
  const std::vector<double> x(n ? atom->x[0] : nullptr, n ? atom->x[0] + 3 * n : nullptr);
  // contacts of granular pair styles are kept in the neighbor lists until this stores them
  for (auto *fix : modify->get_fix_list())
    if (utils::strmatch(fix->style, "^NEIGH_HISTORY")) fix->pre_exchange();
  if (domain->triclinic) domain->x2lamda(n);
  comm->setup();
  if (neighbor->style) neighbor->setup_bins();
  if (atom->map_style != Atom::MAP_NONE) atom->map_clear();
  atom->nghost = 0;
  comm->borders();
  if (domain->triclinic) domain->lamda2x(n + atom->nghost);
  // converting to fractional coordinates and back has changed last digits
  if (n) std::copy(x.begin(), x.end(), atom->x[0]);
  comm->forward_comm();
  if (modify->n_pre_neighbor) modify->pre_neighbor();
  neighbor->build(1);
  if (modify->n_post_neighbor) modify->post_neighbor();
  own_build = neighbor->ncalls;
}

std::string KnownRegion::hint(double needed, double displacement) const
{
  const double required = required_cutoff(needed, displacement);
  if (required > largest_cutoff())
    return fmt::format("it needs a ghost cutoff of {:.2f}, more than comm_style tiled can have in "
                       "this box: use comm_style brick, or replicate the box",
                       required);
  return fmt::format("use comm_modify cutoff {:.2f}", required);
}
