#include "pgduet/gate/plan_diff.h"
