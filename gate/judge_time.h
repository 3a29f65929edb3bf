// The duet's part of a judgement: what the times of one binding add to a comparison.
#pragma once

#include "comparison.h"
#include "judge_binding.h"

namespace pgduet::gate {

// Sets `comparison.time` and its findings, takes back what work alone had decided where the time
// says otherwise, and fills the times of `judgement`. For the comparison with base; with the
// baseline where there is no base side.
void judge_time(const QueryContext& context, const ReasonContext& reasons,
                BindingJudgement& judgement, Comparison& comparison);

}  // namespace pgduet::gate
