#include "pgduet/harness/cluster.h"
