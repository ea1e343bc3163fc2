/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_ghosts.h"

#include "artn/artn_state.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "neighbor.h"

#include <algorithm>
#include <cmath>
#include <mpi.h>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

void ArtnGhosts::begin_run()
{
  if (!in_run) user_cutghost = comm->cutghostuser;
  in_run = true;
}

void ArtnGhosts::end_run()
{
  if (in_run && comm) comm->cutghostuser = user_cutghost;
  in_run = false;
}

/* ---------------------------------------------------------------------- */

void ArtnGhosts::choose(const std::vector<unsigned char> &moving, double slack, bool bins)
{
  widen(slack, bins);
  if (atom->map_style != Atom::MAP_NONE) atom->map_clear();
  atom->nghost = 0;
  if (domain->triclinic) {
    std::vector<double> x;
    if (atom->nlocal) x.assign(&atom->x[0][0], &atom->x[0][0] + 3 * atom->nlocal);
    domain->x2lamda(atom->nlocal);
    comm->borders();
    domain->lamda2x(atom->nlocal + atom->nghost);
    // the way to reduced coordinates and back costs the last bit
    if (atom->nlocal) std::copy(x.begin(), x.end(), &atom->x[0][0]);
    comm->forward_comm();
  } else
    comm->borders();

  const int nall = atom->nlocal + atom->nghost;
  canonical.resize(nall);
  std::copy(state.indices().begin(), state.indices().end(), canonical.begin());
  for (int i = atom->nlocal; i < nall; i++) canonical[i] = state.find(atom->tag[i]);
  find_images(moving);
}

/* ----------------------------------------------------------------------
   Both atoms of a pair may have left the sub-domain of their owner, and may move on. In coarse
   steps, since a change costs a setup.
------------------------------------------------------------------------- */

void ArtnGhosts::widen(double slack, bool bins)
{
  const double largest = largest_excursion();
  const double step = 0.02 * neighbor->cutneighmax;
  const double wider =
      neighbor->cutneighmax + step * std::ceil(2.0 * (largest + slack) / step - 1e-9);
  const double cutoff = largest + slack > 0.0 ? std::max(user_cutghost, wider) : user_cutghost;
  if (comm->cutghostuser == cutoff) return;
  comm->cutghostuser = cutoff;
  comm->setup();
  if (neighbor->style && bins) neighbor->setup_bins();
}

double ArtnGhosts::largest_excursion() const
{
  double mine = excursion(), largest;
  MPI_Allreduce(&mine, &largest, 1, MPI_DOUBLE, MPI_MAX, world);
  return largest;
}

/* ----------------------------------------------------------------------
   Largest distance of an owned atom from the sub-domain of this rank.
------------------------------------------------------------------------- */

double ArtnGhosts::excursion() const
{
  const bool tilted = domain->triclinic;
  const double *const lo = tilted ? domain->sublo_lamda : domain->sublo;
  const double *const hi = tilted ? domain->subhi_lamda : domain->subhi;
  const double *const h = domain->h_inv;
  const double scale[3] = {
      tilted ? std::sqrt(h[0] * h[0] + h[5] * h[5] + h[4] * h[4]) : 1.0,
      tilted ? std::sqrt(h[1] * h[1] + h[3] * h[3]) : 1.0,
      tilted ? h[2] : 1.0,
  };
  double largest = 0.0;
  for (int i = 0; i < atom->nlocal; i++) {
    double x[3];
    if (tilted)
      domain->x2lamda(atom->x[i], x);
    else
      std::copy_n(atom->x[i], 3, x);
    for (int d = 0; d < 3; d++)
      largest = std::max({largest, (lo[d] - x[d]) / scale[d], (x[d] - hi[d]) / scale[d]});
  }
  return largest;
}

/* ---------------------------------------------------------------------- */

void ArtnGhosts::find_images(const std::vector<unsigned char> &moving)
{
  images.clear();
  image_owner.clear();
  image_shift.clear();
  if (comm->nprocs > 1 || moving.empty()) return;
  for (int i = atom->nlocal; i < atom->nlocal + atom->nghost; i++) {
    if (!moving[canonical[i]]) continue;
    const int owner = state.owned(canonical[i]);
    images.push_back(i);
    image_owner.push_back(owner);
    for (int d = 0; d < 3; d++) image_shift.push_back(atom->x[i][d] - atom->x[owner][d]);
  }
}

void ArtnGhosts::update()
{
  if (comm->nprocs > 1) {
    comm->forward_comm();
    return;
  }
  double *const *const x = atom->x;
  for (std::size_t g = 0; g < images.size(); g++)
    for (int d = 0; d < 3; d++) x[images[g]][d] = x[image_owner[g]][d] + image_shift[3 * g + d];
}
