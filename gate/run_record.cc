#include "pgduet/gate/run_record.h"
