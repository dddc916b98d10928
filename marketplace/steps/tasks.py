"""The one Celery task: a nudge that carries a step's id."""

from celery import shared_task

from marketplace.steps import actions


@shared_task(name=actions.TASK)  # type: ignore[untyped-decorator]
def run_step(step_id: int) -> None:
    """Carry out one step if it is still to be done."""
    actions.run(step_id)
