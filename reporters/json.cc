#include "pgduet/reporters/reporter.h"
