#include "pgduet/harness/temp_dir.h"
