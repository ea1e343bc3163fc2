// Times voro++ called directly: a periodic container, one reused cell, face orders of every atom.
// usage: voropp FRAME...   each file: "N Lx Ly Lz", then x y z a line (distance units, box from 0 to L).
// Prints for every frame: microseconds of CPU time per atom, and the numbers of edges and of pentagons (to check).

#include <cmath>
#include <cstdio>
#include <ctime>
#include <vector>
#include <voro++.hh>

constexpr double atoms_a_block = 2.0;

static double cpu()
{
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char **argv)
{
  for (int file = 1; file < argc; file++) {
    FILE *in = fopen(argv[file], "r");
    int n;
    double l[3];
    if (!in || fscanf(in, "%d %lf %lf %lf", &n, l, l + 1, l + 2) != 4) return 1;
    std::vector<double> x(3 * n);
    for (double &v : x)
      if (fscanf(in, "%lf", &v) != 1) return 1;
    fclose(in);

    const double start = cpu();
    // Fewer atoms a block than voro++'s own choice of 5.6 make it faster here.
    const double per_length = std::cbrt(n / (atoms_a_block * l[0] * l[1] * l[2]));
    int blocks[3];
    for (int d = 0; d < 3; d++) blocks[d] = int(l[d] * per_length + 1);
    voro::container box(0, l[0], 0, l[1], 0, l[2], blocks[0], blocks[1], blocks[2], true, true, true, 8);
    for (int i = 0; i < n; i++) box.put(i, x[3 * i], x[3 * i + 1], x[3 * i + 2]);
    voro::voronoicell cell;
    voro::c_loop_all loop(box);
    std::vector<int> orders;
    long edges = 0, pentagons = 0;
    if (loop.start()) do {
        if (!box.compute_cell(cell, loop)) return 1;
        cell.face_orders(orders);
        for (int k : orders) {
          edges += k;
          pentagons += k == 5;
        }
      } while (loop.inc());
    printf("%.4f %ld %ld\n", (cpu() - start) * 1e6 / n, edges, pentagons);
  }
}
