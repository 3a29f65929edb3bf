#include "pgduet/harness/workload.h"
