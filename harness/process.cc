#include "pgduet/harness/process.h"
