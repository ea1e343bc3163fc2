/* A C program that uses the installed library from birth to death, failures included; valgrind watches it for leaks. */

#include <ergodic.h>
#include <stdio.h>
#include <string.h>

#define SIDE 4
#define ATOMS (SIDE * SIDE * SIDE)

#define EXPECT(condition)                                                                     \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, ergodic_last_error());       \
      return 1;                                                                               \
    }                                                                                         \
  } while (0)

static double x[ATOMS][3];
static int32_t mask[ATOMS];

/* A disturbed cubic lattice of spacing 1 in the box [0, SIDE]^3. */
static void place_atoms(void)
{
  for (int i = 0; i < ATOMS; i++) {
    const int cell[3] = {i % SIDE, i / SIDE % SIDE, i / (SIDE * SIDE)};
    for (int k = 0; k < 3; k++) x[i][k] = cell[k] + 0.5 + 0.01 * ((i * (7 + 4 * k)) % 13 - 6);
    mask[i] = 1;
  }
}

static void walls_of_the_box(ergodic_plane_t walls[6])
{
  memset(walls, 0, 6 * sizeof *walls);
  for (int k = 0; k < 3; k++) {
    walls[2 * k].normal[k] = -1.0;
    walls[2 * k + 1].normal[k] = 1.0;
    walls[2 * k + 1].offset = SIDE;
  }
}

/* Samples the configuration twice and reads everything back. */
static int sample(ergodic_tessellation_t *tessellation, ergodic_history_t *history)
{
  static double columns[ATOMS][ERGODIC_HISTORY_COLUMNS];
  ergodic_plane_t walls[6];
  walls_of_the_box(walls);
  const ergodic_atoms_t atoms = {
      .n_owned = ATOMS, .n_ghost = 0, .x = &x[0][0], .radius = NULL, .mask = mask, .group_bit = 1};
  const ergodic_domain_t domain = {.walls = walls, .n_walls = 6, .known = NULL, .n_known = 0};
  EXPECT(ergodic_history_grow(history, ATOMS) == ERGODIC_SUCCESS);
  for (int n = 0; n < 2; n++) {
    EXPECT(ergodic_tessellation_compute(tessellation, &atoms, &domain) == ERGODIC_SUCCESS);
    EXPECT(ergodic_history_record(history, tessellation) == ERGODIC_SUCCESS);
  }
  EXPECT(ergodic_history_columns(history, ATOMS, mask, 1, &columns[0][0]) == ERGODIC_SUCCESS);
  double volume = 0.0;
  for (int i = 0; i < ATOMS; i++) {
    EXPECT(columns[i][0] == 0.0 && columns[i][1] == 1.0 && columns[i][2] == 2.0);
    volume += columns[i][11];
  }
  EXPECT(volume > ATOMS * (1 - 1e-10) && volume < ATOMS * (1 + 1e-10));
  return 0;
}

/* Sends the history of atom 0 to atom 1, as between MPI ranks. */
static int send_and_receive(ergodic_history_t *history)
{
  double buffer[64];
  int32_t size = 0;
  EXPECT(ergodic_history_packed_size(history, 0, &size) == ERGODIC_SUCCESS && size <= 64);
  EXPECT(ergodic_history_pack(history, 0, buffer) == ERGODIC_SUCCESS);
  EXPECT(ergodic_history_unpack(history, 1, buffer, size, ERGODIC_HISTORY_FORMAT) == ERGODIC_SUCCESS);
  return 0;
}

static int fail_politely(ergodic_tessellation_t *tessellation)
{
  EXPECT(ergodic_tessellation_compute(tessellation, NULL, NULL) == ERGODIC_INVALID_PARAMETER);
  EXPECT(strlen(ergodic_last_error()) > 0);
  EXPECT(ergodic_history_new(false, NULL) == ERGODIC_INVALID_PARAMETER);
  return 0;
}

int main(void)
{
  const ergodic_tessellation_options_t options = {.edge_threshold = 0.0,
                                                  .face_threshold = 0.0,
                                                  .face_fraction = 0.0,
                                                  .volume = true,
                                                  .threads = 2};
  ergodic_tessellation_t *tessellation = NULL;
  ergodic_history_t *history = NULL;
  place_atoms();
  EXPECT(ergodic_tessellation_new(&options, &tessellation) == ERGODIC_SUCCESS);
  EXPECT(ergodic_history_new(true, &history) == ERGODIC_SUCCESS);
  const int failed = sample(tessellation, history) || send_and_receive(history) || fail_politely(tessellation);
  ergodic_history_free(history);
  ergodic_history_free(NULL);
  ergodic_tessellation_free(tessellation);
  ergodic_tessellation_free(NULL);
  if (!failed) printf("ergodic %s\n", ergodic_version());
  return failed;
}
