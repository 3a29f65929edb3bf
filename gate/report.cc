#include "pgduet/gate/report.h"
