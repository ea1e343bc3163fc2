/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "voronoi/compute_voronoi_entropy.h"

#include "common/citation.h"
#include "common/ergodic_status.h"
#include "common/keywords.h"
#include "common/lammps_compat.h"
#include "voronoi/fix_voronoi_history.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fmt/format.h"
#include "lammps.h"
#include "memory.h"
#include "modify.h"
#include "update.h"
#include "utils.h"

#include <climits>
#include <cmath>
#include <cstring>
#include <memory>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

ComputeVoronoiEntropy::ComputeVoronoiEntropy(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), name(std::string("Compute voronoi/entropy ") + id),
    id_fix(std::string(id) + "_HISTORY"), options{}
{
  cite_paper(lmp, "compute voronoi/entropy");
  if (!domain->box_exist) error->all(FLERR, "{} must be defined after the simulation box", name);
  if (domain->dimension != 3) error->all(FLERR, "{} is for 3d systems: use dimension 3", name);
  if (!atom->tag_enable) error->all(FLERR, "{} needs atom IDs: use atom_modify id yes", name);

  options.threads = comm->nthreads;
  parse(narg, arg);

  scalar_flag = vector_flag = peratom_flag = local_flag = 1;
  extscalar = extvector = 0;
  size_vector = atom->ntypes + 1;
  vector = new double[size_vector];
  size_peratom_cols = ERGODIC_HISTORY_COLUMNS;
  // dump local takes c_S[*] for as many columns as the per-atom array has, and crashes on fewer
  size_local_cols = full ? 13 : ERGODIC_HISTORY_COLUMNS;
  if (!compat::CALLS_POST_CONSTRUCTOR) post_constructor();
}

/* ---------------------------------------------------------------------- */

ComputeVoronoiEntropy::~ComputeVoronoiEntropy()
{
  // after `plugin unload` or `clear` the fix may be gone already
  if (modify->get_fix_by_id(id_fix)) {
    modify->delete_fix(id_fix);
    // the fix stays in LAMMPS' lists until the next setup, which `run ... pre no` would leave out
    if (update) update->first_update = 0;
  }
  memory->destroy(columns);
  memory->destroy(rows);
  delete[] vector;
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::parse(int narg, char **arg)
{
  Keywords in(lmp, name, narg - 3, arg + 3);
  in.add("every", "N", [&] { every = in.integer(1, INT_MAX); });
  in.add("radius", "v_name", [&] { radius_name = in.variable(); });
  in.add("edge_threshold", "L", [&] { options.edge_threshold = in.not_negative(); });
  in.add("face_threshold", "A", [&] { options.face_threshold = in.not_negative(); });
  in.add("face_fraction", "F", [&] { options.face_fraction = in.not_negative(); });
  in.add("key", "3456/full", [&] { full = in.choice({"3456", "full"}) == 1; });
  in.add("volume", "yes/no", [&] { options.volume = in.logical(); });
  in.add("threads", "N", [&] { options.threads = in.integer(1, 1024); });
  in.read();
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::post_constructor()
{
  modify->add_fix(
      fmt::format("{} all VORONOI/HISTORY {} {} {}", id_fix, id, every, full ? "yes" : "no"));
  auto *fix = history_fix();
  fix->serve(this, std::make_unique<VoronoiSampler>(lmp, name, options, radius_name, groupbit));
  if (compat::restart_was_read(lmp) && !fix->restored() && comm->me == 0)
    error->warning(FLERR,
                   "{}: no history found in the restart file; to continue one, define the compute "
                   "with the same ID directly after read_restart",
                   name);
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::init()
{
  history_fix();
}

/* ----------------------------------------------------------------------
   Looked up at each use: `unfix`, `plugin unload` and `clear` may have deleted it.
------------------------------------------------------------------------- */

FixVoronoiHistory *ComputeVoronoiEntropy::history_fix() const
{
  auto *fix = modify->get_fix_by_id(id_fix);
  if (!fix || strcmp(fix->style, "VORONOI/HISTORY") != 0)
    error->all(FLERR, "{} has lost its internal fix {}: define the compute again", name, id_fix);
  return static_cast<FixVoronoiHistory *>(fix);
}

/* ---------------------------------------------------------------------- */

double ComputeVoronoiEntropy::compute_scalar()
{
  invoked_scalar = update->ntimestep;
  scalar = history_fix()->sums(groupbit).mean();
  return scalar;
}

void ComputeVoronoiEntropy::compute_vector()
{
  invoked_vector = update->ntimestep;
  const EntropySums sums = history_fix()->sums(groupbit);
  for (int t = 0; t < atom->ntypes; t++) vector[t] = sums.mean(t);
  vector[atom->ntypes] = static_cast<double>(history_fix()->n_sampled());
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  if (atom->nmax > max_atoms) {
    memory->destroy(columns);
    max_atoms = atom->nmax;
    memory->create(columns, max_atoms, ERGODIC_HISTORY_COLUMNS, "voronoi/entropy:columns");
    array_atom = columns;
  }
  ergodic_check_one(FLERR, error, name,
                    ergodic_history_columns(history_fix()->histories(), atom->nlocal, atom->mask,
                                            groupbit, max_atoms ? columns[0] : nullptr));
}

/* ---------------------------------------------------------------------- */

std::vector<int64_t> ComputeVoronoiEntropy::ids() const
{
  return std::vector<int64_t>(atom->tag, atom->tag + atom->nlocal);
}

void ComputeVoronoiEntropy::compute_local()
{
  invoked_local = update->ntimestep;
  ergodic_history_t *const history = history_fix()->histories();
  ergodic_check_one(
      FLERR, error, name,
      ergodic_history_row_count(history, atom->nlocal, atom->mask, groupbit, &size_local_rows));
  if (size_local_rows > max_rows) {
    memory->destroy(rows);
    max_rows = size_local_rows;
    memory->create(rows, max_rows, size_local_cols, "voronoi/entropy:rows");
    array_local = rows;
  }
  ergodic_check_one(FLERR, error, name,
                    ergodic_history_rows(history, atom->nlocal, atom->mask, groupbit, ids().data(),
                                         atom->type, max_rows ? rows[0] : nullptr));
}

/* ---------------------------------------------------------------------- */

double ComputeVoronoiEntropy::memory_usage()
{
  const double arrays =
      double(max_atoms) * ERGODIC_HISTORY_COLUMNS + double(max_rows) * size_local_cols;
  return arrays * sizeof(double);
}
