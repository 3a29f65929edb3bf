#include "pgduet/gate/plan.h"
