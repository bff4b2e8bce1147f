/* none.c stands in for a rescue on processors that it does not know. */
#include "message.h"
#include "rescue/rescue.h"

int
rescue(const struct rescue_plan *plan)
{
	(void)plan;
	message("--rescue: not supported on this processor");
	return STATUS_FAILED;
}
