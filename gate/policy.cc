#include "pgduet/gate/policy.h"
