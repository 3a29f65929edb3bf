#include "pgduet/harness/installation.h"
