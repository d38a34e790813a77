// DuckDB's C API. `duckdb.h` beside this file is a link to the header that scripts/bootstrap brings, so that every
// module that imports this one finds it without a search path.
#ifndef GARIEP_C_DUCKDB_H
#define GARIEP_C_DUCKDB_H
#include "duckdb.h"
#endif
