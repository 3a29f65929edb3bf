#include "pgduet/harness/setup.h"
