#include "pgduet/harness/executor.h"
