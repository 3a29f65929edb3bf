#include "pgduet/gate/judge.h"
