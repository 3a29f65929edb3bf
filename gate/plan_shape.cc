#include "pgduet/gate/plan_shape.h"
